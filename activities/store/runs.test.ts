import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createStore } from './store.js';
import type { Changes, Store } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';
import { at, openRun } from './testing.runs.js';

let postgres: ThrowAway;
let store: Store;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
  store = await createStore({ url: postgres.url });
});
afterAll(async () => {
  await store?.close();
  await postgres?.remove();
});

const log = (runId: string, text: string, step = 'test'): Changes => ({
  logs: [{ runId, step, attempt: 1, stream: 'stdout', at: at(1), text }],
});
const step = (runId: string, status: 'running' | 'failed' | 'succeeded', attempt = 1): Changes => ({
  steps: [{ runId, name: 'test', status, attempt, at: at(attempt) }],
});

describe('opening a run', () => {
  it('brings the run and all its steps into being at position 1, once', async () => {
    const id = await openRun(store, { steps: ['build', 'test', 'ship'] });
    const run = await store.runs.get(id);
    expect(run).toMatchObject({ id, status: 'pending', position: 1, branch: 'main' });
    const steps = await store.runs.steps(id);
    expect(steps.map((s) => [s.name, s.index, s.status, s.position])).toEqual([
      ['build', 0, 'pending', 1],
      ['test', 1, 'pending', 1],
      ['ship', 2, 'pending', 1],
    ]);
    await store.runs.write(step(id, 'running'));
    if (run) await store.runs.open({ run, trigger: run.trigger, plan: run.plan });
    expect(await store.runs.get(id)).toMatchObject({ position: 2 });
  });

  it('records a pipeline that lint refused as failed, with a step that says so', async () => {
    const id = await openRun(store);
    const run = await store.runs.get(id);
    if (!run) throw new Error('no run');
    const order = await store.repositories.nextOrder('web');
    const refused = { ...run, id: `${id.slice(0, 20)}-lint` as typeof run.id, order };
    const lintReason = 'pipeline.yaml:3 needs: there is no step "biuld"';
    await store.runs.open({ run: refused, trigger: run.trigger, plan: null, lintReason });
    expect(await store.runs.get(refused.id)).toMatchObject({ status: 'failed', plan: null });
    expect(await store.runs.steps(refused.id)).toMatchObject([
      { name: 'lint', kind: 'lint', status: 'failed', reason: lintReason },
    ]);
  });

  it('keeps what lint said at length in the log of that step, once', async () => {
    const id = await openRun(store);
    const run = await store.runs.get(id);
    if (!run) throw new Error('no run');
    const order = await store.repositories.nextOrder('web');
    const refused = { ...run, id: `${id.slice(0, 20)}-long` as typeof run.id, order };
    const lint = { lintReason: 'a\n… and 1 more', lintLog: 'a\nb\n' };
    for (const _again of [1, 2]) {
      await store.runs.open({ run: refused, trigger: run.trigger, plan: null, ...lint });
    }
    const { items } = await store.runs.logs({ runId: refused.id, after: 0, limit: 10 });
    expect(items).toMatchObject([{ step: 'lint', position: 1, text: 'a\nb\n' }]);
    expect(await store.runs.get(refused.id)).toMatchObject({ position: 2 });
  });
});

describe('run events', () => {
  it('that are written again because an answer was lost are not doubled', async () => {
    const id = await openRun(store);
    const lines = ['one', 'two', 'two'].map((text, index) => ({
      ...log(id, text).logs![0]!,
      at: at(index),
    }));
    await store.runs.write({ logs: lines.slice(0, 2) });
    const again: Changes = { ...step(id, 'running'), logs: lines, isRepeat: true };
    await store.runs.write(again);
    await store.runs.write(again);
    const { items } = await store.runs.logs({ runId: id, after: 0, limit: 10 });
    expect(items.map(({ text }) => text)).toEqual(['one', 'two', 'two']);
    expect(await store.runs.get(id)).toMatchObject({ position: 5 });
  });

  it('take gapless positions that are committed in order under 20 writers at once', async () => {
    const id = await openRun(store);
    let seen = 0;
    const holes: string[] = [];
    const reader = async (): Promise<void> => {
      while (seen < 401) {
        const { logs } = await store.runs.eventsAfter(id, seen, 50);
        for (const { position } of logs) {
          if (seen > 0 && position !== seen + 1) holes.push(`${seen} → ${position}`);
          seen = position;
        }
      }
    };
    const writer = async (name: number): Promise<void> => {
      for (let i = 0; i < 20; i++) await store.runs.write(log(id, `${name}.${i}`));
    };
    await Promise.all([reader(), ...Array.from({ length: 20 }, (_, name) => writer(name))]);
    expect(holes).toEqual([]);
    expect(await store.runs.get(id)).toMatchObject({ position: 401 });
  });

  it('of several runs are written together without deadlocks', async () => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => openRun(store)));
    const both = (order: string[]) => ({ logs: order.flatMap((id) => log(id, 'x').logs ?? []) });
    const rounds = Array.from({ length: 20 }, (_, i) => (i % 2 ? ids : [...ids].reverse()));
    await Promise.all(rounds.map((order) => store.runs.write(both(order))));
    for (const id of ids) expect((await store.runs.get(id))?.position).toBe(21);
  });

  it('say once what is said twice', async () => {
    const id = await openRun(store);
    for (const _ of [1, 2]) await store.runs.write(step(id, 'running'));
    for (const _ of [1, 2]) await store.runs.write(step(id, 'succeeded'));
    expect((await store.runs.get(id))?.position).toBe(3);
  });

  it('ignore a lost attempt, and everything after the end of the run but its log', async () => {
    const id = await openRun(store);
    await store.runs.write(step(id, 'running', 2));
    await store.runs.write(step(id, 'failed', 1));
    expect(await store.runs.steps(id)).toMatchObject([{ status: 'running', attempts: 2 }]);
    await store.runs.write({
      runs: [{ runId: id, status: 'failed', reason: 'test said no', at: at(3) }],
      steps: [{ runId: id, name: 'test', status: 'failed', reason: 'no', at: at(3) }],
    });
    await store.runs.write(step(id, 'running', 3));
    await store.runs.write({ runs: [{ runId: id, status: 'running', reason: null, at: at(4) }] });
    await store.runs.write(log(id, 'last words'));
    expect(await store.runs.get(id)).toMatchObject({ status: 'failed', finishedAt: at(3) });
    expect(await store.runs.steps(id)).toMatchObject([{ status: 'failed', attempts: 2 }]);
    expect((await store.runs.logs({ runId: id, after: 0, limit: 9 })).items).toHaveLength(1);
  });

  it('about a run that is not in the record are dropped', async () => {
    await store.runs.write(log('nobody-1', 'hello'));
    expect(await store.runs.get('nobody-1')).toBeUndefined();
  });

  it('take text that PostgreSQL would refuse', async () => {
    const id = await openRun(store);
    const summary = 'a\0b\ud800';
    await store.runs.write({
      ...log(id, 'NUL \0 and half \ud83d a pair'),
      steps: [
        {
          runId: id,
          name: 'test',
          status: 'failed',
          attempt: 1,
          at: at(1),
          reason: 'x\0y',
          result: { verdict: 'failed', summary },
        },
      ],
    });
    const { items } = await store.runs.logs({ runId: id, after: 0, limit: 1 });
    expect(items[0]?.text).toBe('NUL  and half \ufffd a pair');
    expect(await store.runs.steps(id)).toMatchObject([{ reason: 'xy', summary: 'ab\ufffd' }]);
  });

  it('that are written together come as a reader expects them: start, words, end', async () => {
    const id = await openRun(store, { steps: ['build', 'test'] });
    await store.runs.write({
      ...log(id, 'hello'),
      runs: [{ runId: id, status: 'running', reason: null, at: at(1) }],
      steps: [
        { runId: id, name: 'build', status: 'succeeded', at: at(1) },
        { runId: id, name: 'test', status: 'running', at: at(1) },
      ],
    });
    const { run, steps, logs } = await store.runs.eventsAfter(id, 1, 9);
    expect(steps.map((s) => [s.name, s.position])).toEqual([
      ['test', 2],
      ['build', 4],
    ]);
    expect([logs[0]?.position, run.position]).toEqual([3, 5]);
  });

  it('hold steps back until the log before them was read', async () => {
    const id = await openRun(store);
    for (const text of ['1', '2', '3']) await store.runs.write(log(id, text));
    await store.runs.write(step(id, 'succeeded'));
    const first = await store.runs.eventsAfter(id, 1, 2);
    expect([first.logs.map((l) => l.text), first.steps.length]).toEqual([['1', '2'], 0]);
    const second = await store.runs.eventsAfter(id, 3, 2);
    expect(second.logs.map((l) => l.text)).toEqual(['3']);
    expect(second.steps).toMatchObject([{ status: 'succeeded', position: 5 }]);
    expect(second.run.position).toBe(5);
  });
});

describe('the log', () => {
  it('is read whole or for one step, from a position on', async () => {
    const id = await openRun(store, { steps: ['build', 'test'] });
    await store.runs.write(log(id, 'b', 'build'));
    await store.runs.write(log(id, 't', 'test'));
    const read = async (query: { step?: string; after: number }) =>
      (await store.runs.logs({ runId: id, limit: 10, ...query })).items.map((l) => l.text);
    expect(await read({ after: 0 })).toEqual(['b', 't']);
    expect(await read({ after: 2 })).toEqual(['t']);
    expect(await read({ after: 0, step: 'build' })).toEqual(['b']);
  });

  it('is given a MiB at a time, whatever was asked for, and says where to go on', async () => {
    const id = await openRun(store);
    const chunk = (letter: string) => log(id, letter.repeat(400_000));
    for (const letter of ['a', 'b', 'c', 'd']) await store.runs.write(chunk(letter));
    const first = await store.runs.logs({ runId: id, after: 0, limit: 100 });
    expect(first.items.map(({ text }) => text[0])).toEqual(['a', 'b', 'c']);
    const second = await store.runs.logs({ runId: id, after: first.next ?? 0, limit: 100 });
    expect(second).toMatchObject({ items: [{ text: expect.stringMatching(/^d/) }], next: null });
    const events = await store.runs.eventsAfter(id, 1, 100);
    expect([events.logs.length, events.upTo, events.run.position]).toEqual([3, 4, 5]);
    expect(await store.runs.eventsAfter(id, 4, 100)).toMatchObject({ logs: [{}], upTo: 5 });
  });

  it('is given whole where one chunk is larger than that', async () => {
    const id = await openRun(store);
    await store.runs.write(log(id, 'x'.repeat(2_000_000)));
    const { items, next } = await store.runs.logs({ runId: id, after: 0, limit: 10 });
    expect([items[0]?.text.length, next]).toEqual([2_000_000, null]);
  });

  it('refuses to pretend that a shortened answer is all there is', async () => {
    const asked = store.runs.logs({ runId: 'x', after: 0, limit: 5_000 });
    await expect(asked).rejects.toThrow('1 to 1000');
  });
});

describe('the load', () => {
  it('counts what is open, what waits for work and what ended, of one repository and of all', async () => {
    const before = await store.runs.load('load-a');
    const ids = [];
    for (const repository of ['load-a', 'load-a', 'load-b']) {
      ids.push(await openRun(store, { repository }));
    }
    const [atGate = '', ended = ''] = ids;
    const change = (runId: string, status: 'waiting' | 'succeeded') =>
      store.runs.write({ runs: [{ runId, status, reason: null, at: new Date() }] });
    await change(atGate, 'waiting');
    await change(ended, 'succeeded');
    const load = await store.runs.load('load-a');
    expect(load.openOfRepository).toBe(1);
    expect([load.open - before.open, load.busy - before.busy]).toEqual([2, 1]);
    expect((load.endedPerSecond - before.endedPerSecond) * 60).toBeCloseTo(1);
  });
});
