import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import type { RunRow, StepRow, Store } from '../../activities/store/store.ports.js';
import type { Page, Run, RunSummary } from '../client/wire.js';
import { NotFound } from '../platform/errors.js';
import { given } from '../platform/requests.js';
import { CONFIG, STORE } from '../platform/tokens.js';
import { plannedOf, viewRun, viewStep } from '../platform/views.js';
import type { RunQuery } from './runs.requests.js';
import type { Prepared } from './starter.service.js';

/** Runs as the record has them. */
@Injectable()
export class RunsService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async list(query: RunQuery): Promise<Page<RunSummary>> {
    const { items, next } = await this.store.runs.list(given(query));
    return { items: items.map((row) => viewRun(row, this.config)), next };
  }

  /** @throws {NotFound} */
  async get(id: string): Promise<Run> {
    const [row, steps] = await Promise.all([this.store.runs.get(id), this.store.runs.steps(id)]);
    if (!row) throw new NotFound(`there is no run "${id}"`);
    return this.view(row, steps);
  }

  /** @throws {NotFound} */
  async mustKnow(repository: string): Promise<void> {
    if (await this.store.repositories.exists(repository)) return;
    throw new NotFound(`there is no repository "${repository}"`, 'Push to it once to create it.');
  }

  /** What the record will say of a run that was just launched: for when it is away. */
  beginning({ run, trigger, plan }: Prepared): Run {
    const none = { startedAt: null, finishedAt: null, reason: null, status: 'pending' as const };
    const row: RunRow = { ...run, ...none, trigger, plan, position: 0, createdAt: new Date() };
    const unknown = { summary: null, exitCode: null, signal: null, attempts: 0, result: null };
    const steps = plan?.steps.map(
      ({ name, kind }, index): StepRow => ({
        runId: run.id,
        name,
        index,
        kind,
        position: 0,
        ...none,
        ...unknown,
      }),
    );
    return this.view(row, steps ?? []);
  }

  private view(row: RunRow, steps: readonly StepRow[]): Run {
    const planned = plannedOf(row);
    return {
      ...viewRun(row, this.config),
      steps: steps.map((step) => viewStep(step, planned.get(step.name))),
    };
  }
}
