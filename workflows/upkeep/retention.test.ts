import { describe, expect, it } from '@jest/globals';
import { History } from '../testing/history.js';

const days = { default: 90, year: 365, legal: 2_557 };
const some = { conversation: 3, turn: 9, ticket: 0 };
const none = { conversation: 0, turn: 0, ticket: 0 };
const start = (carried?: object) => new History('retention', { days, ...(carried && { carried }) });
const batches = (story: History, count: number) => {
  for (let i = 0; i < count; i++) story.activity('expire', some);
  return story;
};

describe('retention', () => {
  it('looks once when nothing is too old', () => start().activity('expire', none).completes());

  it('goes on until nothing is too old any more', () =>
    batches(start(), 3).activity('expire', none).completes());

  it('goes on in a new history when there is a lot', () =>
    batches(start(), 200).continuesAsNew('retention'));

  it('leaves the rest to the next day after two million', () => {
    const carried = { at: '2026-01-01T00:00:00.000Z', deleted: some, histories: 49 };
    return batches(start(carried), 200).completes();
  });

  it('ends as errored when the record stays away: the next day it is tried again', () =>
    start().activityFails('expire', 'StoreUnavailable').fails());
});

describe('retention never', () => {
  const drift = (story: Promise<void>) => expect(story).rejects.toThrow('Nondeterminism');

  it('ends while there is something too old', () => drift(batches(start(), 1).completes()));

  it('fills one history without an end', () => drift(batches(start(), 201).completes()));
});
