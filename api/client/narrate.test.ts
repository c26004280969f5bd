import { describe, expect, it } from '@jest/globals';
import { Status } from '../../workflows/domain/run.js';
import { createTeller, Story, tree, verdict } from './narrate.js';
import { clean, cleanLines, duration, fit, widthOf } from './narrate.text.js';
import type { LogLine, RunEvent, RunSummary, Step } from './wire.js';

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1_000).toISOString();
const NOW = 1_700_000_000_000 + 60_000;

const summary = (over: Partial<RunSummary> = {}): RunSummary => ({
  id: 'shop-7',
  repository: 'shop',
  pipeline: 'delivery',
  commit: '1a2b3c4d'.padEnd(40, '0'),
  branch: 'main',
  order: 7,
  trigger: { kind: 'push', by: 'ada', inputs: {} },
  status: 'running',
  reason: null,
  createdAt: at(0),
  startedAt: at(0),
  finishedAt: null,
  temporalUrl: null,
  ...over,
});
const step = (name: string, status: Status, over: Partial<Step> = {}): Step => ({
  name,
  kind: 'run',
  needs: [],
  status,
  reason: null,
  summary: null,
  exitCode: null,
  signal: null,
  attempts: status === 'pending' ? 0 : 1,
  startedAt: status === 'pending' || status === 'skipped' ? null : at(1),
  finishedAt: ['succeeded', 'failed', 'errored'].includes(status) ? at(3.1) : null,
  ...over,
});
const run = (over?: Partial<RunSummary>): RunEvent => ({ event: 'run', data: summary(over) });
const told = (...given: Parameters<typeof step>): RunEvent => ({
  event: 'step',
  data: step(...given),
});
let position = 0;
const log = (name: string, text: string, over: Partial<LogLine> = {}): RunEvent => ({
  event: 'log',
  data: {
    position: ++position,
    step: name,
    attempt: 1,
    stream: 'stdout',
    at: at(2),
    text,
    ...over,
  },
});
const lines = (...events: RunEvent[]) => {
  const teller = createTeller();
  return events.flatMap((event) => teller.tell(event));
};
const story = (...events: RunEvent[]) => {
  const made = new Story();
  for (const event of events) made.take(event);
  return made;
};
const ends = (...events: RunEvent[]) => verdict(story(...events));

describe('a run told in lines', () => {
  it('opens with the run, its pipeline, commit and branch, once', () => {
    expect(lines(run(), run())).toEqual(['run shop-7: delivery, 1a2b3c4 on main']);
    expect(lines(run({ branch: null }))).toEqual(['run shop-7: delivery, 1a2b3c4']);
  });

  it('says one line when a step ends, and nothing when it begins', () => {
    expect(lines(told('test', 'pending'), told('test', 'running'))).toEqual([]);
    expect(lines(told('test', 'succeeded'))).toEqual(['▸ test … ok 2.1 s']);
    expect(lines(told('test', 'succeeded', { summary: '14 checks ok', attempts: 2 }))).toEqual([
      '▸ test … ok 2.1 s (attempt 2): 14 checks ok',
    ]);
  });

  it('does not repeat what a broken connection brings again', () => {
    expect(lines(told('test', 'succeeded'), told('test', 'succeeded'))).toHaveLength(1);
  });

  it('shows why a step said no, and the end of its log', () => {
    const said = lines(
      log('test', 'one\ntwo\n'),
      log('test', 'three'),
      log('other', 'not this\n'),
      told('test', 'failed', { reason: 'command 2 ended with exit code 1\nnpm test' }),
    );
    expect(said).toEqual([
      '▸ test … failed 2.1 s: command 2 ended with exit code 1',
      '    npm test',
      '    | one',
      '    | two',
      '    | three',
    ]);
  });

  it('shows at most ten lines of a log', () => {
    const many = Array.from({ length: 300 }, (_, i) => `line ${i}\n`).join('');
    const said = lines(log('test', many), told('test', 'failed', { reason: 'no' }));
    expect(said).toHaveLength(11);
    expect(said.at(-1)).toBe('    | line 299');
  });

  it('shows only the log of the last attempt', () => {
    const said = lines(
      log('test', 'first try\n'),
      log('test', 'second try\n', { attempt: 2 }),
      told('test', 'errored', { attempts: 2, reason: 'the machine vanished' }),
    );
    expect(said).toEqual([
      '▸ test … errored 2.1 s (attempt 2): the machine vanished',
      '    | second try',
    ]);
  });

  it('says when a step is tried again, and why', () => {
    expect(lines(told('scan', 'running', { attempts: 2, reason: 'no answer in 10 s' }))).toEqual([
      '▸ scan … again (attempt 2): no answer in 10 s',
    ]);
  });

  it('says when a step starts to wait, and when its place in the queue changes', () => {
    const waits = (reason: string) => told('staging', 'waiting', { kind: 'deploy', reason });
    expect(lines(waits('2 before it'), waits('2 before it'), waits('1 before it'))).toEqual([
      '▸ staging … waits: 2 before it',
      '▸ staging … waits: 1 before it',
    ]);
  });

  it('does not stutter where the reason begins with the same words', () => {
    const waits = told('ask', 'waiting', { reason: 'waits for 1 approval by release-team' });
    const back = told('staging', 'rolledBack', { reason: 'put back because ask: ada said no' });
    expect(lines(waits, back)).toEqual([
      '▸ ask … waits for 1 approval by release-team',
      '▸ staging … put back because ask: ada said no',
    ]);
  });

  it('has a line for every status a step can end or stop in', () => {
    const said = Object.fromEntries(
      Status.options.map((status) => [status, lines(told('s', status, { reason: 'why' }))[0]]),
    );
    expect(said).toEqual({
      pending: undefined,
      running: '▸ s … again: why',
      waiting: '▸ s … waits: why',
      succeeded: '▸ s … stays: why',
      failed: '▸ s … failed 2.1 s: why',
      rolledBack: '▸ s … put back: why',
      errored: '▸ s … errored 2.1 s: why',
      cancelled: '▸ s … cancelled: why',
      skipped: '▸ s … skipped: why',
      superseded: '▸ s … superseded: why',
    });
  });

  it('lets no log, name or reason steer the terminal', () => {
    const said = lines(
      run({ branch: 'x\u001b[2Jy' }),
      log('test', '\u001b[31mred\u001b[0m \u001b]0;title\u0007\u202eback\u0008\n10%\r100%\n'),
      told('test', 'failed', { reason: 'a\u001b[1Ab' }),
    ).join('\n');
    expect(said.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(said).toContain('    | red back\n    | 100%');
    expect(said).toContain('failed 2.1 s: ab');
  });
});

describe('the verdict', () => {
  const after = { finishedAt: at(12.5) };

  it('says nothing while the run goes on', () => {
    expect(ends()).toEqual([]);
    expect(ends(run())).toEqual([]);
    expect(
      ends(run({ status: 'waiting' }), told('staging', 'waiting', { kind: 'deploy' })),
    ).toEqual([]);
  });

  it('asks for the approval, with the commands that answer it', () => {
    expect(
      ends(
        run({ status: 'waiting', temporalUrl: 'http://127.0.0.1:8233/x' }),
        told('test', 'succeeded'),
        told('approve', 'waiting', { kind: 'approve', reason: 'asks release-team' }),
      ),
    ).toEqual([
      'shop-7 waits for an approval at "approve"',
      '  look:    slipway show shop-7',
      '  approve: slipway approve shop-7 approve',
      '  reject:  slipway reject shop-7 approve -m "why"',
      '  history: http://127.0.0.1:8233/x',
    ]);
  });

  it('does not ask while something else still moves', () => {
    const gate = told('approve', 'waiting', { kind: 'approve' });
    const waiting = run({ status: 'waiting' });
    expect(story(waiting, gate, told('other', 'running')).gates).toEqual([]);
    expect(story(waiting, gate, told('b', 'waiting', { kind: 'deploy' })).gates).toEqual([]);
    expect(story(run(), gate).gates).toEqual([]);
  });

  it('says where the stages answer and how to call the command', () => {
    const stages = [
      { name: 'staging', url: 'http://127.0.0.1:9001' },
      { name: 'production', url: null },
    ];
    const said = verdict(story(run({ status: 'succeeded', ...after })), { stages });
    expect(said).toEqual(['shop-7 succeeded after 12.5 s', '  staging: http://127.0.0.1:9001']);
    const no = story(run({ status: 'failed', ...after }), told('test', 'failed'));
    expect(verdict(no, { command: 'npx slipway' })).toContain(
      '  log: npx slipway logs shop-7 test',
    );
  });

  it('tells every end of a run apart, and what to do about it', () => {
    const refused = told('test', 'failed');
    const over = (status: Status) => ends(run({ status, ...after, reason: 'why' }), refused);
    expect(over('failed')).toEqual([
      'shop-7 failed after 12.5 s: why',
      '  log: slipway logs shop-7 test',
    ]);
    expect(over('rolledBack').slice(0, 2)).toEqual([
      'shop-7 was put back after 12.5 s: why',
      '  the previous release serves again',
    ]);
    expect(over('errored').at(-1)).toBe('  check: slipway doctor');
    expect(over('cancelled')).toEqual(['shop-7 was cancelled after 12.5 s: why']);
    expect(over('superseded')[1]).toBe('  a newer commit is already there');
    expect(over('succeeded')).toEqual(['shop-7 succeeded after 12.5 s: why']);
  });
});

describe('a run drawn as a tree', () => {
  const frame = { columns: 80, rows: 24, nowMs: NOW };
  const drawn = (over: Partial<typeof frame>, ...events: RunEvent[]) =>
    tree(story(...events), { ...frame, ...over }).split('\n');

  it('shows each step with its sign, time, words and present line', () => {
    expect(
      drawn(
        {},
        run(),
        told('verify', 'succeeded', { summary: '3 commands' }),
        told('test', 'running', { attempts: 2, reason: 'again' }),
        log('test', 'npm test\n12 of 30', { attempt: 2 }),
        told('staging', 'pending', { needs: ['verify', 'test'] }),
      ),
    ).toEqual([
      'shop-7 delivery 1a2b3c4 on main running 1 min 00 s  1/3',
      '├─ ✔ verify         2.1 s  3 commands',
      '├─ ⠋ test          59.0 s  attempt 2  again',
      '│      12 of 30',
      '└─ · staging               after verify, test',
    ]);
  });

  it('draws steps after those that they need, in whatever order they were heard of', () => {
    const names = drawn(
      {},
      run(),
      told('deploy', 'pending', { needs: ['build', 'scan'] }),
      told('build', 'pending', { needs: ['verify', 'gone'] }),
      told('loop-a', 'pending', { needs: ['loop-b'] }),
      told('loop-b', 'pending', { needs: ['loop-a'] }),
      told('scan', 'pending', { needs: ['build'] }),
      told('verify', 'running'),
    );
    expect(names.slice(1).map((line) => line.split(' ')[2])).toEqual([
      'verify',
      'build',
      'scan',
      'deploy',
      'loop-a',
      'loop-b',
    ]);
  });

  it('shows every status with a sign of its own', () => {
    const signs = Status.options.map(
      (status) => drawn({}, run(), told('s', status))[1]?.split(' ')[1],
    );
    expect(new Set(signs).size).toBe(Status.options.length);
  });

  it('shows the last words of what failed', () => {
    const all = drawn({}, run(), log('t', 'a\nb\nc\nd\n'), told('t', 'failed', { reason: 'no' }));
    expect(all.slice(1)).toEqual(['└─ ✘ t        2.1 s  no', '       b', '       c', '       d']);
  });

  it('says so before anything is known', () => {
    expect(drawn({})).toEqual(['waiting for the run to begin']);
  });

  it('colours only when asked to', () => {
    const made = story(run(), told('s', 'failed'));
    expect(tree(made, frame)).not.toContain('\u001b');
    expect(tree(made, { ...frame, colour: true })).toContain('\u001b[31m✘\u001b[0m');
  });

  it('counts quiet steps where the terminal is too low, and keeps what matters', () => {
    const quiet = Array.from({ length: 500 }, (_, i) => told(`a${i}`, 'succeeded'));
    const later = Array.from({ length: 500 }, (_, i) => told(`b${i}`, 'pending'));
    const all = drawn({ rows: 6 }, run(), ...quiet, told('busy', 'running'), ...later);
    expect(all).toHaveLength(4);
    expect(all[1]).toBe('├─ ✔ 500 succeeded');
    expect(all[2]).toContain('busy');
    expect(all[3]).toBe('└─ · 500 pending');
  });

  it('never leaves the terminal, however small it is and whatever runs', () => {
    const events = [
      run({ branch: '漢字'.repeat(40) }),
      ...Array.from({ length: 60 }, (_, i) => told(`step-${i}-${'x'.repeat(40)}`, 'running')),
      ...Array.from({ length: 60 }, (_, i) => log(`step-${i}-${'x'.repeat(40)}`, '語'.repeat(300))),
    ];
    const made = story(...events);
    for (const rows of [1, 2, 3, 10, 61, 121, 200]) {
      for (const columns of [1, 2, 10, 40, 200]) {
        const all = tree(made, { columns, rows, nowMs: NOW, colour: false }).split('\n');
        expect(all.length).toBeLessThanOrEqual(rows);
        for (const line of all) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('draws ten thousand steps quickly enough for a live terminal', () => {
    const made = story(
      run(),
      ...Array.from({ length: 10_000 }, (_, i) => told(`s${i}`, 'pending')),
    );
    const started = performance.now();
    tree(made, frame);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('text for a terminal', () => {
  it('writes durations as people read them', () => {
    expect([-5, 0, 340, 59_940, 59_960, 3_599_000, 11_220_000].map(duration)).toEqual([
      '0.0 s',
      '0.0 s',
      '0.3 s',
      '59.9 s',
      '1 min 00 s',
      '59 min 59 s',
      '3 h 07 min',
    ]);
  });

  it('keeps letters of every language, and removes every kind of sequence', () => {
    expect(clean('naïve 漢字 👩‍🔬\tx')).toBe('naïve 漢字 👩‍🔬 x');
    expect(clean('a\u001b[38;5;1mb\u001bP1\u001b\\c\u009b2Jd\u001b(Be\u001b')).toBe('abcde');
    expect(clean('\u001b]8;;http://evil\u001b\\click\u001b]8;;\u001b\\')).toBe('click');
  });

  it('cuts by columns, not by characters', () => {
    expect(fit('漢字漢字', 5)).toBe('漢字…');
    expect(fit('abc', 3)).toBe('abc');
    expect(fit('abcd', 3)).toBe('ab…');
    expect(fit('abc', 0)).toBe('');
  });

  it('drops empty lines at the end', () => {
    expect(cleanLines('a\n\nb\r\n\n \n')).toEqual(['a', '', 'b']);
  });
});
