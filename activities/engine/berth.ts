/** One context of an engine, with the places that it has and how fast it is. Names may share it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Engine } from './engine.js';
import { PaceMeter } from './pace.js';
import { Slots } from './slots.js';

export class Berth {
  readonly meter = new PaceMeter();
  readonly slots: Slots;
  /** Requests that are made in it, or wait for a place in it. */
  inUse = 0;

  /** @param key of the context: never used again, so that a context that is closed is not meant. */
  constructor(
    readonly engine: Engine,
    readonly key: string,
    slots: number,
  ) {
    this.slots = new Slots(slots);
  }

  /** Resolves when nothing uses it, or its time is up. */
  async drained(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (this.inUse > 0 && performance.now() < deadline) await wait(20);
  }
}
