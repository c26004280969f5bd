import { describe, expect, it } from '@jest/globals';
import { History } from '../testing/history.js';

const input = { repository: 'web', stage: 'staging' };
const at = (order: number, state: string) => ({ runId: `web-${order}`, order, state });
const moves = (story: History, ...places: ReturnType<typeof at>[]) => {
  for (const place of places) story.hears('move', place);
  return story.wakes();
};
const leaves = (story: History, order: number) =>
  story.hears('leave', { runId: `web-${order}` }).wakes();

/** A queue begins with the signals that started it. */
const first = (...places: ReturnType<typeof at>[]) =>
  new History(
    'stage',
    input,
    places.map((place) => ['move', place]),
  );
const grants = (story: History, order: number) =>
  story.tells(`web-${order}`, 'stageGranted').local('recordQueue');
const heard = (story: History, order: number, name = 'stageGranted') =>
  story.told(`web-${order}`, name).wakes();

describe('a queue', () => {
  it('gives the turn to the one who asks, and ends when nobody is left', () =>
    leaves(heard(grants(first(at(1, 'asking')), 1), 1), 1)
      .local('recordQueue')
      .completes());

  it('gives the turn to the older run first, and says to the newer one whom it waits for', () => {
    const story = first(at(2, 'asking'), at(1, 'asking'))
      .tells('web-1', 'stageGranted')
      .tells('web-2', 'stageQueued')
      .local('recordQueue')
      .told('web-1', 'stageGranted')
      .told('web-2', 'stageQueued')
      .wakes()
      .waits('60s');
    const next = heard(grants(leaves(story, 1).waitsNoMore(), 2), 2);
    return leaves(next, 2).local('recordQueue').completes();
  });

  it('lets a newer run wait for an older one that is approaching', () => {
    const story = first(at(1, 'approaching'), at(2, 'asking'))
      .tells('web-2', 'stageQueued')
      .local('recordQueue');
    heard(story, 2, 'stageQueued').waits('60s');
    const older = grants(moves(story, at(1, 'asking')).waitsNoMore(), 1);
    heard(older, 1).waits('60s');
    const newer = heard(grants(leaves(older, 1).waitsNoMore(), 2), 2);
    return leaves(newer, 2).local('recordQueue').completes();
  });

  it('lets others pass one that waits at a gate', () => {
    const story = heard(grants(first(at(1, 'paused'), at(2, 'asking')), 2), 2);
    const back = leaves(leaves(story, 2).local('recordQueue'), 1).local('recordQueue');
    return back.completes();
  });

  it('tells the holder again that it has the turn, when it asks again', () => {
    const story = heard(grants(first(at(1, 'asking')), 1), 1);
    const again = heard(grants(moves(story, at(1, 'asking')), 1), 1);
    return leaves(again, 1).local('recordQueue').completes();
  });

  it('forgets runs that are gone, when somebody has waited for a minute', () => {
    const story = first(at(1, 'holding'), at(2, 'asking'))
      .tells('web-2', 'stageQueued')
      .local('recordQueue');
    const looked = heard(story, 2, 'stageQueued').waits('60s').timesOut();
    const next = heard(grants(looked.local(['openRuns', ['web-2']]), 2), 2);
    return leaves(next, 2).local('recordQueue').completes();
  });

  it('goes on looking while the others are still there', () => {
    const story = first(at(1, 'holding'), at(2, 'asking'))
      .tells('web-2', 'stageQueued')
      .local('recordQueue');
    const looked = heard(story, 2, 'stageQueued').waits('60s').timesOut();
    looked.local(['openRuns', ['web-1', 'web-2']]).waits('60s');
    const next = heard(grants(leaves(looked, 1).waitsNoMore(), 2), 2);
    return leaves(next, 2).local('recordQueue').completes();
  });

  it('gives the turn to a run that is gone only to take it back', () => {
    const story = first(at(1, 'asking')).tells('web-1', 'stageGranted').local('recordQueue');
    story.told('web-1', 'stageGranted', { isGone: true }).wakes();
    return leaves(story, 1).local('recordQueue').completes();
  });

  it('says to a long line only once how long it is, and then to the nearest where they stand', () => {
    const orders = Array.from({ length: 14 }, (_unused, index) => index + 2);
    const [holder, rest] = [at(1, 'holding'), orders.map((order) => at(order, 'asking'))];
    const story = first(holder, ...rest);
    for (const order of orders) story.tells(`web-${order}`, 'stageQueued');
    story.local('recordQueue');
    for (const order of orders) story.told(`web-${order}`, 'stageQueued');
    const next = leaves(story.wakes().waits('60s'), 1).waitsNoMore();
    next.tells('web-2', 'stageGranted');
    const near = orders.slice(1, 11);
    for (const order of near) next.tells(`web-${order}`, 'stageQueued');
    next.local('recordQueue').told('web-2', 'stageGranted');
    for (const order of near) next.told(`web-${order}`, 'stageQueued');
    return next.wakes().waits('60s').continues();
  });

  it('says nothing again to a long line that was handed over', () => {
    const orders = Array.from({ length: 14 }, (_unused, index) => index + 2);
    const carried = [at(1, 'holding'), ...orders.map((order) => at(order, 'asking'))];
    const story = new History('stage', { ...input, carried });
    return story.local('recordQueue').waits('60s').continues();
  });

  it('goes on in a new history when it grows long, with everybody in it', () =>
    first(at(1, 'approaching'))
      .local('recordQueue')
      .hears('move', at(2, 'paused'))
      .wakes({ isFull: true })
      .local('recordQueue')
      .continuesAsNew('stage'));

  it('knows there who was in it', () => {
    const story = new History('stage', { ...input, carried: [at(1, 'holding')] });
    story.local('recordQueue');
    return leaves(story, 1).local('recordQueue').completes();
  });
});

describe('a queue never', () => {
  const drift = (story: Promise<void>) => expect(story).rejects.toThrow('Nondeterminism');

  it('gives the turn to two at once', () =>
    drift(grants(first(at(1, 'holding'), at(2, 'asking')), 2).completes()));

  it('lets a newer run pass one that is approaching', () =>
    drift(grants(first(at(1, 'approaching'), at(2, 'asking')), 2).completes()));

  it('ends while somebody is in it', () =>
    drift(first(at(1, 'holding')).local('recordQueue').completes()));
});
