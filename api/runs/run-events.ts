/** A run as it happens: what changed after a position, then every change, until the run is final. */
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Config } from '../../activities/platform/config.js';
import type { RunEventsRow, Store } from '../../activities/store/store.ports.js';
import { isFinal } from '../../workflows/domain/run.js';
import type { PlannedStep } from '../../workflows/pipeline/plan.js';
import type { RunEvent } from '../client/wire.js';
import { NotFound } from '../platform/errors.js';
import { Follow } from '../platform/follow.js';
import { CONFIG, STORE } from '../platform/tokens.js';
import { plannedOf, viewLog, viewRun, viewStep } from '../platform/views.js';
import { SharedLooks } from './shared-looks.js';

/** Log chunks that one look at the record takes. */
const CHUNKS_PER_LOOK = 200;
/** A follower looks again after this long, also when nothing woke it. */
const QUIET_LIMIT_MS = 15_000;
/** Plans that are kept for those who follow their runs; one may weigh some megabytes. */
const MAX_PLANS = 20;

/**
 * An event and where it stands. `id` is the run's position, given with the last event of that
 * position: whoever goes on after it has missed nothing.
 */
export type Happened = RunEvent & { id: number | undefined };

type Planned = ReadonlyMap<string, PlannedStep>;

/** What one look found: everything after a position, up to another one. */
interface Seen {
  run: Happened & { event: 'run' };
  events: readonly Happened[];
  upTo: number;
  /** Nothing is left. */
  isAll: boolean;
}

/** However many follow a run, each change is read once and made into events once. */
@Injectable()
export class RunEvents {
  private readonly looks = new SharedLooks<Seen>();
  private readonly plans = new LRUCache<string, Planned>({ max: MAX_PLANS });

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(CONFIG) private readonly config: Config,
    private readonly follow: Follow,
  ) {}

  /**
   * Begins with the run as it is, then everything after position `after`, and ends after `end`.
   * Yields `quiet` when nothing happened for 15 s. Ends early when `signal` is aborted.
   *
   * @throws {NotFound} at once. {StoreUnavailable} at any time: go on later with the last id.
   */
  async start(
    runId: string,
    { after = 0, signal }: { after?: number; signal?: AbortSignal } = {},
  ): Promise<AsyncGenerator<Happened | 'quiet'>> {
    await this.plannedOf(runId);
    return this.happenings(runId, after, signal);
  }

  private async *happenings(
    runId: string,
    after: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Happened | 'quiet'> {
    const bell = await this.follow.bell(`run:${runId}`);
    let position = after;
    let told = '';
    try {
      while (!signal?.aborted) {
        const seen = await this.look(runId, position);
        const summary = JSON.stringify(seen.run.data);
        if (summary !== told) yield seen.run;
        told = summary;
        yield* seen.events;
        position = seen.upTo;
        if (!seen.isAll) continue;
        if (isFinal(seen.run.data.status)) {
          yield { event: 'end', data: seen.run.data, id: position };
          return;
        }
        if (!(await bell.rings(QUIET_LIMIT_MS, signal)) && !signal?.aborted) yield 'quiet';
      }
    } finally {
      bell.remove();
    }
  }

  private look(runId: string, position: number): Promise<Seen> {
    return this.looks.look(`${runId} ${position}`, async () => {
      const [row, planned] = await Promise.all([
        this.store.runs.eventsAfter(runId, position, CHUNKS_PER_LOOK),
        this.plannedOf(runId),
      ]);
      return {
        run: { event: 'run', data: viewRun(row.run, this.config), id: undefined },
        events: inOrder(row, planned),
        upTo: row.upTo,
        isAll: row.upTo === row.run.position,
      };
    });
  }

  /** A run's plan does not change. @throws {NotFound} */
  private async plannedOf(runId: string): Promise<Planned> {
    const known = this.plans.get(runId);
    if (known) return known;
    const run = await this.store.runs.get(runId);
    if (!run) throw new NotFound(`there is no run "${runId}"`);
    const planned = plannedOf(run);
    this.plans.set(runId, planned);
    return planned;
  }
}

function inOrder({ steps, logs }: RunEventsRow, planned: Planned): Happened[] {
  const events = [
    ...logs.map((row) => ({ at: row.position, event: 'log', data: viewLog(row) }) as const),
    ...steps.map((row) => {
      const data = viewStep(row, planned.get(row.name));
      return { at: row.position, event: 'step', data } as const;
    }),
  ].sort((a, b) => a.at - b.at);
  return events.map(({ at, ...event }, index) => ({
    ...event,
    id: events[index + 1]?.at === at ? undefined : at,
  }));
}
