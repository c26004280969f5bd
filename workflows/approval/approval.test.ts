import { describe, expect, it } from '@jest/globals';
import { History } from '../testing/history.js';
import { question } from '../testing/plans.js';

// Refused answers leave no trace in a history: see judgement.test.ts.

const open = (required = 1) =>
  new History('approval', question({ required })).waits('3600s').local('recordGate');
const approve = (by: string) => ({ answer: 'approve', by, teams: ['release-team'] });
const reject = { answer: 'reject', by: 'ada', teams: ['release-team'], reason: 'too slow' };
const state = { state: 'open', approvals: 1, required: 2 };

/** The record and the run hear how it ended. */
const closes = (story: History) => story.local('closeGate').tells('web-42', 'gateAnswered');
const ends = (story: History) => closes(story).told('web-42', 'gateAnswered').wakes().completes();
const decides = (story: History, decision: object) =>
  story.update('decide', decision).waitsNoMore().local('recordDecision').answers(state);

describe('a gate', () => {
  it('ends when one person approves', () => ends(decides(open(), approve('ada'))));

  it('ends when one person rejects', () => ends(decides(open(2), reject)));

  it('waits for as many approvals as it needs', () => {
    const first = open(2).update('decide', approve('ada')).local('recordDecision').answers(state);
    return ends(decides(first, approve('bob')));
  });

  it('ends at one rejection, however many have approved', () => {
    const first = open(2).update('decide', approve('bob')).local('recordDecision').answers(state);
    return ends(decides(first, reject));
  });

  it('expires when nobody answers in time', () => ends(open().timesOut()));

  it('is closed when its run is cancelled', () => ends(open().isCancelled().waitsNoMore()));

  it('ends although its run is gone', () =>
    closes(decides(open(), approve('ada')))
      .told('web-42', 'gateAnswered', { isGone: true })
      .wakes()
      .completes());
});

describe('a gate never', () => {
  const drift = (story: Promise<void>) => expect(story).rejects.toThrow('Nondeterminism');

  it('takes silence for an answer before its time is over', () => drift(ends(open())));

  it('passes with fewer approvals than it needs', () =>
    drift(ends(decides(open(2), approve('ada')))));

  it('ends without telling its run', () =>
    drift(decides(open(), approve('ada')).local('closeGate').completes()));
});
