/** One subscription to the store for the whole process; readers are woken by what they follow. */
import type { Store } from '../../activities/store/store.ports.js';

/** Wakes one reader. Rung before it is waited for, it wakes at once: no change is missed. */
export interface Bell {
  /** True when it rang; false after `limitMs`, or when `signal` was aborted. */
  rings(limitMs: number, signal?: AbortSignal): Promise<boolean>;
  remove(): void;
}

export class Follow {
  private readonly bells = new Map<string, Set<() => void>>();
  private listening: Promise<() => Promise<void>> | undefined;

  constructor(private readonly store: Store) {}

  /** Follows a topic of `Store.listen`, like `run:<id>`. Remove the bell when you leave. */
  async bell(topic: string): Promise<Bell> {
    await this.listen();
    let rung = false;
    let wake: (() => void) | undefined;
    const ring = () => {
      rung = true;
      wake?.();
    };
    const ringers = this.bells.get(topic) ?? new Set();
    this.bells.set(topic, ringers.add(ring));
    return {
      rings: async (limitMs, signal) => {
        if (!rung && !signal?.aborted) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(done, limitMs);
            function done(): void {
              clearTimeout(timer);
              signal?.removeEventListener('abort', done);
              resolve();
            }
            wake = done;
            signal?.addEventListener('abort', done, { once: true });
          });
        }
        const rang = rung;
        rung = false;
        wake = undefined;
        return rang && !signal?.aborted;
      },
      remove: () => {
        ringers.delete(ring);
        if (ringers.size === 0 && this.bells.get(topic) === ringers) this.bells.delete(topic);
      },
    };
  }

  /** Wakes who follows `topic` in this process, for what the record does not have yet. */
  ring(topic: string): void {
    for (const ring of this.bells.get(topic) ?? []) ring();
  }

  /** How many topics are followed now. */
  get followed(): number {
    return this.bells.size;
  }

  async onApplicationShutdown(): Promise<void> {
    const stop = await this.listening?.catch(() => undefined);
    this.listening = undefined;
    await stop?.();
  }

  private async listen(): Promise<void> {
    this.listening ??= this.store.listen((changed) => this.heard(changed));
    try {
      await this.listening;
    } catch (error) {
      this.listening = undefined;
      throw error;
    }
  }

  private heard(changed: string): void {
    const sets = changed === 'reconnected' ? this.bells.values() : [this.bells.get(changed)];
    for (const ringers of sets) for (const ring of ringers ?? []) ring();
  }
}
