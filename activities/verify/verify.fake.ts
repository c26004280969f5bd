/** Stages and time for tests: addresses as told, and waiting that takes no time. */
import type { Clock, Stages } from './verify.ports.js';

export class FakeStages implements Stages {
  /** The next call fails with it: the record is away. */
  refusal: Error | undefined;

  constructor(private readonly urls: Record<string, string> = {}) {}

  async url(repository: string, stage: string): Promise<string | null> {
    if (this.refusal) throw this.refusal;
    return this.urls[`${repository}/${stage}`] ?? null;
  }
}

export class FakeClock implements Clock {
  /** How long each wait would have taken, milliseconds. */
  readonly waited: number[] = [];
  /** Called before a wait ends: what happens meanwhile. */
  meanwhile: (() => void | Promise<void>) | undefined;
  private time = 0;

  now(): number {
    return this.time;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    this.waited.push(ms);
    this.time += ms;
    await this.meanwhile?.();
    signal.throwIfAborted();
  }
}
