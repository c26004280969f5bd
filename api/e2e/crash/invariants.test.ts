/** The checks notice what they are there for: each is shown one lie. */
import { describe, expect, it } from '@jest/globals';
import { nothingSaid } from './chat/said.js';
import { type Play, violationsOf } from './invariants.js';
import type { Facts } from './outside.js';

const TWELVE = Array.from({ length: 12 }, (_, i) => `line ${i + 1}\n`).join('');
const mark = (token: string, word: string) => ({ runId: 'web-1', step: 'test', token, word });

/** A run with a step, a deploy and an approved gate; all is well. */
function good(): { facts: Facts; play: Play } {
  const step = { runId: 'web-1', status: 'succeeded', reason: null, attempts: 1 };
  const facts: Facts = {
    runs: [
      {
        id: 'web-1',
        commit: 'c1',
        order: 1,
        kind: 'push',
        status: 'succeeded',
        reason: null,
        position: 9,
        highest: 8,
      },
    ],
    steps: [
      { ...step, name: 'test', kind: 'run' },
      { ...step, name: 'ask', kind: 'approve' },
      { ...step, name: 'staging', kind: 'deploy' },
    ],
    logs: [{ runId: 'web-1', step: 'test', attempt: 1, text: TWELVE }],
    decisions: [{ runId: 'web-1', step: 'ask', login: 'ann', answer: 'approve' }],
    unsettled: 0,
    commits: [{ kind: 'deploy', runId: 'web-1', step: 'staging', stage: 'staging' }],
    marks: [mark('t1', 'begin'), mark('t1', 'end')],
    serving: [{ stage: 'staging', text: 'one' }],
    histories: [
      { runId: 'web-1', closed: 'COMPLETED', status: 'succeeded', generations: 1, mistakes: [] },
    ],
    votes: [{ runId: 'web-1', step: 'ask', accepted: new Map([['ann', 1]]) }],
    strays: [],
    chat: { turns: [], tickets: [], told: [], unended: [], strays: [] },
  };
  const play: Play = {
    expected: [{ runId: 'web-1', statuses: ['succeeded'] }],
    said: {
      after: 0,
      pushed: ['c1'],
      starts: { acknowledged: [], tried: 0 },
      votes: [{ runId: 'web-1', login: 'ann', answer: 'approve' }],
      chat: nothingSaid(),
    },
    killed: [],
    versions: new Map([['c1', 'one']]),
  };
  return { facts, play };
}

function after(lie: (of: { facts: Facts; play: Play }) => void): string {
  const of = good();
  lie(of);
  return violationsOf(of.facts, of.play).join('\n');
}

describe('the invariants', () => {
  it('have nothing to say when all is well', () => {
    expect(after(() => {})).toBe('');
  });

  it.each<[string, Parameters<typeof after>[0], RegExp]>([
    [
      'a run that ends wrongly',
      ({ facts }) => {
        facts.runs[0]!.status = 'failed';
        facts.histories[0]!.status = 'failed';
      },
      /web-1 is failed .* not succeeded/,
    ],
    ['a push without a run', ({ play }) => play.said.pushed.push('c2'), /push of c2 has 0 runs/],
    [
      'a push with two runs',
      ({ facts }) => facts.runs.push({ ...facts.runs[0]!, id: 'web-2' }),
      /push of c1 has 2 runs/,
    ],
    [
      'a start that vanished',
      ({ play }) => play.said.starts.acknowledged.push('web-7'),
      /web-7 was started by hand and is not there/,
    ],
    ['a push left open', ({ facts }) => (facts.unsettled = 1), /neither accepted nor dropped/],
    [
      'Temporal and the record at odds',
      ({ facts }) => (facts.histories[0]!.status = 'errored'),
      /succeeded in the record and errored in Temporal/,
    ],
    [
      'a workflow task that failed',
      ({ facts }) => facts.histories[0]!.mistakes.push('cause 24: order'),
      /workflow task failed: cause 24/,
    ],
    [
      'two commits of one deploy',
      ({ facts }) => facts.commits.push(facts.commits[0]!),
      /staging \(succeeded\) has 2 deploy commits/,
    ],
    [
      'a deploy that should be undone',
      ({ facts }) => (facts.steps[2]!.status = 'failed'),
      /deployed and not put back/,
    ],
    ['an approval that was lost', ({ facts }) => (facts.decisions = []), /the record has \[\]/],
    [
      'an approval that counted twice',
      ({ facts }) => facts.votes[0]!.accepted.set('ann', 2),
      /accepted 2 votes of ann/,
    ],
    [
      'an effect that was doubled in silence',
      ({ facts }) => facts.marks.push(mark('t2', 'begin'), mark('t2', 'end')),
      /worked 2 times and reports 1 attempts/,
    ],
    [
      'attempts that overlap',
      ({ facts }) => {
        facts.steps[0]!.attempts = 2;
        facts.marks = [mark('t1', 'begin'), mark('t2', 'begin'), mark('t1', 'end')];
      },
      /attempts of web-1 test overlap/,
    ],
    [
      'a line of log that is missing',
      ({ facts }) => (facts.logs[0]!.text = TWELVE.replace('line 5\n', '')),
      /the log of web-1 test, attempt 1/,
    ],
    [
      'a line of log that is doubled',
      ({ facts }) => (facts.logs[0]!.text = TWELVE.replace('line 5\n', 'line 5\nline 5\n')),
      /the log of web-1 test, attempt 1/,
    ],
    [
      'a log that ends early',
      ({ facts }) => (facts.logs[0]!.text = TWELVE.replace('line 12\n', '')),
      /11 lines of 12/,
    ],
    [
      'a stage that serves something else',
      ({ facts }) => (facts.serving[0]!.text = 'zero'),
      /staging serves zero, not one of web-1/,
    ],
    [
      'an answer that does not end',
      ({ facts }) => facts.chat.unended.push('a1'),
      /answer a1 does not end/,
    ],
    ['a process that is left', ({ facts }) => facts.strays.push('7'), /still runs: 7/],
  ])('notice %s', (_what, lie, words) => {
    expect(after(lie)).toMatch(words);
  });

  it('know that a release which a later run of the same commit put back does not stand', () => {
    const words = after(({ facts, play }) => {
      const again = { id: 'web-2', order: 2, kind: 'manual', status: 'rolledBack' };
      facts.runs.push({ ...facts.runs[0]!, ...again });
      facts.steps.push({ ...facts.steps[2]!, runId: 'web-2', status: 'rolledBack' });
      for (const kind of ['deploy', 'putBack']) {
        facts.commits.unshift({ kind, runId: 'web-2', step: 'staging', stage: 'staging' });
      }
      facts.serving[0]!.text = null;
      play.expected.push({ runId: 'web-2', statuses: ['rolledBack'] });
    });
    expect(words).toBe('');
  });

  it('let a step say no whose own process was killed', () => {
    const words = after(({ facts, play }) => {
      facts.runs[0]!.status = 'rolledBack';
      facts.histories[0]!.status = 'rolledBack';
      Object.assign(facts.steps[0]!, { status: 'failed', reason: 'was ended by SIGKILL' });
      facts.steps[2]!.status = 'rolledBack';
      facts.commits.push({ ...facts.commits[0]!, kind: 'putBack' });
      facts.serving[0]!.text = null;
      const step = { runId: 'web-1', name: 'test' };
      play.killed.push({ victim: 'step', pid: 1, atMs: 0, step });
    });
    expect(words).toBe('');
  });
});
