import { describe, expect, it, jest } from '@jest/globals';
import { MAX_LOG_BYTES } from '../../workflows/domain/limits.js';
import type { Changes, LogChunk } from '../store/store.ports.js';
import { StoredLogs } from './stored.adapter.js';

/** A record that keeps what it is given, and holds writes back or refuses them on request. */
function opened() {
  const record = {
    chunks: [] as LogChunk[],
    writes: 0,
    hold: undefined as Promise<void> | undefined,
    refusal: undefined as Error | undefined,
    said: [] as string[],
    write: async ({ logs = [] }: Changes) => {
      record.writes++;
      if (record.hold) await record.hold;
      if (record.refusal) throw record.refusal;
      record.chunks.push(...logs);
    },
    text: (...streams: string[]) =>
      record.chunks
        .filter(({ stream }) => streams.length === 0 || streams.includes(stream))
        .map(({ text }) => text)
        .join(''),
  };
  const logs = new StoredLogs(record, (message) => record.said.push(message));
  return { record, log: logs.open({ runId: 'r-1', step: 'test', attempt: 2 }) };
}

describe('a stored log', () => {
  it('sends its first words at once, and joins later ones', async () => {
    const { record, log } = opened();
    log.write('slipway', '$ npm test\n');
    expect(record.writes).toBe(1);
    for (let i = 0; i < 50; i++) log.write('stdout', `line ${i}\n`);
    expect(record.writes).toBe(1);
    await log.flush();
    expect(record.writes).toBe(2);
    expect(record.chunks).toHaveLength(2);
    expect(record.chunks[1]).toMatchObject({
      runId: 'r-1',
      step: 'test',
      attempt: 2,
      stream: 'stdout',
    });
    expect(record.text('stdout')).toMatch(/^line 0\n.*line 49\n$/s);
  });

  it('keeps the order of streams', async () => {
    const { record, log } = opened();
    for (const stream of ['stdout', 'stderr', 'stdout'] as const) log.write(stream, `${stream} `);
    await log.flush();
    expect(record.text()).toBe('stdout stderr stdout ');
  });

  it('sends long text without waiting, in chunks that split no character', async () => {
    const { record, log } = opened();
    log.write('stdout', 'x');
    log.write('stdout', '🚀'.repeat(100_000));
    expect(record.writes).toBe(2);
    await log.flush();
    expect(record.chunks.every(({ text }) => text.length <= 65_536 && text.isWellFormed())).toBe(
      true,
    );
    expect(record.text()).toBe(`x${'🚀'.repeat(100_000)}`);
  });

  it('cuts at its limit, says so, and counts the rest', async () => {
    const { record, log } = opened();
    const piece = 'y'.repeat(1_048_576);
    for (let i = 0; i < 18; i++) {
      log.write('stdout', piece);
      await log.flush();
    }
    log.write('slipway', 'command 1 ended\n');
    await log.flush();
    expect(record.text('stdout')).toHaveLength(MAX_LOG_BYTES);
    expect(record.text('slipway')).toContain('log limit of 16 MiB reached');
    expect(record.text('slipway')).toContain('1048576 more bytes of this log were not kept');
    expect(record.text('slipway')).toContain('command 1 ended');
  });

  it('gives no two pieces the same time: by it a piece that is sent again is known', async () => {
    const { record, log } = opened();
    for (let i = 0; i < 20; i++) {
      log.write('stdout', 'same\n');
      log.write('stderr', 'same\n');
      if (i % 5 === 0) await log.flush();
    }
    await log.flush();
    const times = record.chunks.map(({ at }) => at.getTime());
    expect(times).toHaveLength(40);
    expect(new Set(times).size).toBe(40);
  });

  it('says when the record falls behind and when it has caught up', async () => {
    const { record, log } = opened();
    const { promise, resolve } = Promise.withResolvers<void>();
    record.hold = promise;
    expect(log.behind()).toBeUndefined();
    log.write('stdout', 'z'.repeat(300_000));
    const behind = log.behind();
    expect(behind).toBeInstanceOf(Promise);
    resolve();
    await behind;
    expect(log.behind()).toBeUndefined();
  });

  it('makes no second write of small pieces while the record has not answered the first', async () => {
    jest.useFakeTimers();
    try {
      const { record, log } = opened();
      const { promise, resolve } = Promise.withResolvers<void>();
      record.hold = promise;
      for (let i = 0; i < 100; i++) {
        log.write('stdout', `${i}\n`);
        jest.advanceTimersByTime(1_000);
      }
      expect(record.writes).toBe(1);
      resolve();
      await promise;
      await log.flush();
      expect(record.writes).toBe(2);
      expect(record.text()).toBe(Array.from({ length: 100 }, (_unused, i) => `${i}\n`).join(''));
    } finally {
      jest.useRealTimers();
    }
  });

  it('holds a bounded amount when nobody listens to that', async () => {
    const { record, log } = opened();
    const { promise, resolve } = Promise.withResolvers<void>();
    record.hold = promise;
    for (let i = 0; i < 100; i++) log.write('stdout', 'z'.repeat(65_536));
    const flushed = log.flush();
    resolve();
    await flushed;
    expect(record.text('stdout').length).toBeLessThanOrEqual(4_194_304);
    expect(record.text('slipway')).toMatch(/^\d+ more bytes of this log were not kept/);
  });

  it('tells the process when the record refuses text, and does not throw', async () => {
    const { record, log } = opened();
    record.refusal = new Error('no such run');
    log.write('stdout', 'lost');
    await log.flush();
    expect(record.said[0]).toContain('4 characters of the log of r-1 "test" are lost');
  });
});
