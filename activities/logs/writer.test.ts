import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../store/errors.js';
import type { Changes, LogChunk, RunsStore, StepChange } from '../store/store.ports.js';
import { groupedWrites, type WriterOptions } from './writer.js';

const at = new Date(0);
const step = (name: string, status: StepChange['status'] = 'running'): Changes => ({
  steps: [{ runId: 'r-1', name, status, at }],
});
const log = (text: string): Changes => ({
  logs: [{ runId: 'r-1', step: 'a', attempt: 1, stream: 'stdout', at, text } satisfies LogChunk],
});

/** A record whose every write waits for the test's answer. */
function record(options?: WriterOptions) {
  const writes: { changes: Changes; answer: (error?: Error) => void }[] = [];
  let arrived = Promise.withResolvers<void>();
  const runs = {
    write: (changes: Changes) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      writes.push({ changes, answer: (error) => (error ? reject(error) : resolve()) });
      arrived.resolve();
      return promise;
    },
  } as unknown as RunsStore;
  /** Resolves with the nth write, counted from 1. */
  async function nth(n: number) {
    while (writes.length < n) {
      arrived = Promise.withResolvers<void>();
      await arrived.promise;
    }
    return writes[n - 1]!;
  }
  return { write: groupedWrites(runs, options).write, nth, writes };
}

const away = () => new StoreUnavailable(new Error('connection refused'));

describe('grouped writes', () => {
  it('join everything that comes in while one write is under way', async () => {
    const { write, nth, writes } = record();
    const first = write(step('a'));
    (await nth(1)).answer();
    await first;
    const more = [write(step('b')), write(step('c')), write(log('one')), write(log('two'))];
    const second = await nth(2);
    expect(second.changes.steps?.map(({ name }) => name)).toEqual(['b', 'c']);
    expect(second.changes.logs?.map(({ text }) => text)).toEqual(['one', 'two']);
    second.answer();
    await Promise.all(more);
    expect(writes).toHaveLength(2);
  });

  it('never change one step twice in one write, and keep the order', async () => {
    const { write, nth } = record();
    const both = [write(step('a')), write(log('x')), write(step('a', 'succeeded'))];
    const first = await nth(1);
    expect(first.changes.steps).toHaveLength(1);
    expect(first.changes.logs).toHaveLength(1);
    first.answer();
    const second = await nth(2);
    expect(second.changes.steps?.[0]?.status).toBe('succeeded');
    second.answer();
    await Promise.all(both);
  });

  it('fail alone when the record refuses one of them', async () => {
    const { write, nth } = record();
    const good = write(step('good'));
    const bad = write(step('unknown'));
    const refused = expect(bad).rejects.toThrow('no such run');
    (await nth(1)).answer(new Error('no such run'));
    (await nth(2)).answer();
    (await nth(3)).answer(new Error('no such run'));
    await good;
    await refused;
  });

  it('wait while the store is away, and say so once', async () => {
    const said: string[] = [];
    const { write, nth } = record({ notice: (message) => said.push(message) });
    const done = write(step('a'));
    for (let n = 1; n <= 3; n++) (await nth(n)).answer(away());
    (await nth(4)).answer();
    await done;
    expect(said).toEqual([
      'the record waits: PostgreSQL cannot be reached: connection refused',
      'the record is written again',
    ]);
  });

  it('give up changes of steps when patience ends, and log text never', async () => {
    const { write, nth } = record({ patienceMs: 0 });
    const change = write(step('a'));
    const text = write(log('kept'));
    const refused = expect(change).rejects.toThrow(StoreUnavailable);
    (await nth(1)).answer(away());
    await refused;
    const second = await nth(2);
    expect(second.changes).toEqual({ ...log('kept'), isRepeat: true });
    second.answer();
    await text;
  });

  it('say of a second try that it is one: the answer to the first may be what was lost', async () => {
    const { write, nth } = record();
    const text = write(log('once'));
    const first = await nth(1);
    expect(first.changes.isRepeat).toBeUndefined();
    first.answer(away());
    const second = await nth(2);
    expect(second.changes).toEqual({ ...log('once'), isRepeat: true });
    second.answer();
    await text;
    const later = write(log('later'));
    const third = await nth(3);
    expect(third.changes.isRepeat).toBeUndefined();
    third.answer();
    await later;
  });

  it('split what is too large for one write', async () => {
    const { write, nth } = record();
    const all = Array.from({ length: 3 }, () => write(log('x'.repeat(700_000))));
    for (let n = 1; n <= 3; n++) {
      const { changes, answer } = await nth(n);
      expect(changes.logs).toHaveLength(1);
      answer();
    }
    await Promise.all(all);
  });
});
