import { describe, expect, it } from '@jest/globals';
import type { RunEvents } from '../runs/run-events.js';
import { PushNarrator } from './push.narrator.js';

/** Runs that go on until nobody listens any more. */
class EndlessEvents implements Pick<RunEvents, 'start'> {
  readonly followed = new Set<string>();

  async start(runId: string, { signal }: { signal?: AbortSignal } = {}) {
    return this.events(runId, signal);
  }

  private async *events(runId: string, signal: AbortSignal | undefined) {
    this.followed.add(runId);
    yield 'quiet' as const;
    await new Promise<void>((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    this.followed.delete(runId);
  }
}

function teller(maxTold: number) {
  const events = new EndlessEvents();
  const narrator = new PushNarrator(
    { events, store: { stages: { list: async () => ({ items: [], next: null }) } } },
    maxTold,
  );
  const leave = new AbortController();
  const told = (id: string) => {
    const lines: string[] = [];
    const run = { id, repository: 'web', prefix: '' };
    const over = narrator.narrate([run], (line) => lines.push(line), leave.signal);
    return { lines, over };
  };
  return { events, told, leave };
}

describe('more pushes than may be told at once', () => {
  it('let go the one that was told longest, which reads how to go on by itself', async () => {
    const { events, told, leave } = teller(2);
    const [first, second, third] = [told('web-1'), told('web-2'), told('web-3')];
    await first.over;
    expect(first.lines).toEqual(['the run goes on: slipway watch web-1']);
    expect([...events.followed]).toEqual(['web-2', 'web-3']);
    leave.abort();
    await Promise.all([second.over, third.over]);
    expect(events.followed.size).toBe(0);
  });

  it('leave room again when one of them ends', async () => {
    const { told, leave } = teller(1);
    const first = told('web-1');
    leave.abort();
    await first.over;
    const after = told('web-2');
    await after.over;
    expect(after.lines).toEqual(['the run goes on: slipway watch web-2']);
  });
});
