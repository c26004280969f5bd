/** A run as it happens: what changed after a position, then every change, until the run is final. */
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import type { LogRow, RunRow, StepRow, Store } from '../../activities/store/store.ports.js';
import { isFinal } from '../../workflows/domain/run.js';
import type { PlannedStep } from '../../workflows/pipeline/plan.js';
import type { RunEvent } from '../client/wire.js';
import { NotFound } from '../platform/errors.js';
import { Follow } from '../platform/follow.js';
import { CONFIG, STORE } from '../platform/tokens.js';
import { plannedOf, viewLog, viewRun, viewStep } from '../platform/views.js';

/** Log chunks that one look at the record takes. */
const CHUNKS_PER_LOOK = 200;
/** A follower looks again after this long, also when nothing woke it. */
const QUIET_LIMIT_MS = 15_000;

/**
 * An event and where it stands. `id` is the run's position, given with the last event of that
 * position: whoever goes on after it has missed nothing.
 */
export type Happened = RunEvent & { id: number | undefined };

@Injectable()
export class RunEvents {
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
    const run = await this.store.runs.get(runId);
    if (!run) throw new NotFound(`there is no run "${runId}"`);
    return this.happenings(run, after, signal);
  }

  private async *happenings(
    opened: RunRow,
    after: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Happened | 'quiet'> {
    const planned = plannedOf(opened);
    const bell = await this.follow.bell(`run:${opened.id}`);
    let position = Math.min(after, opened.position);
    let told = '';
    try {
      while (!signal?.aborted) {
        const seen = await this.store.runs.eventsAfter(opened.id, position, CHUNKS_PER_LOOK);
        const view = viewRun(seen.run, this.config);
        const summary = JSON.stringify(view);
        if (summary !== told) yield { event: 'run', data: view, id: undefined };
        told = summary;
        yield* inOrder(seen.steps, seen.logs, planned);
        const allSeen = seen.logs.length < CHUNKS_PER_LOOK;
        position = allSeen ? seen.run.position : (seen.logs.at(-1)?.position ?? position);
        if (!allSeen) continue;
        if (isFinal(seen.run.status)) {
          yield { event: 'end', data: view, id: position };
          return;
        }
        if (!(await bell.rings(QUIET_LIMIT_MS, signal)) && !signal?.aborted) yield 'quiet';
      }
    } finally {
      bell.remove();
    }
  }
}

function* inOrder(
  steps: readonly StepRow[],
  logs: readonly LogRow[],
  planned: ReadonlyMap<string, PlannedStep>,
): Generator<Happened> {
  const events = [
    ...logs.map((row) => ({ at: row.position, event: 'log', data: viewLog(row) }) as const),
    ...steps.map((row) => {
      const data = viewStep(row, planned.get(row.name));
      return { at: row.position, event: 'step', data } as const;
    }),
  ].sort((a, b) => a.at - b.at);
  for (const [index, { at, ...event }] of events.entries()) {
    yield { ...event, id: events[index + 1]?.at === at ? undefined : at };
  }
}
