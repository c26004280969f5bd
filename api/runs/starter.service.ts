/** Turns a trigger into a run: for starts by hand and for pushes. */
import { Inject, Injectable } from '@nestjs/common';
import { StoreUnavailable } from '../../activities/store/errors.js';
import type { Store } from '../../activities/store/store.ports.js';
import { RunId } from '../../workflows/domain/names.js';
import type { RunRef, Trigger } from '../../workflows/domain/run.js';
import { compileText } from '../../workflows/pipeline/compile.js';
import type { LintFinding } from '../../workflows/pipeline/finding.js';
import type { Plan } from '../../workflows/pipeline/plan.js';
import type { Pipeline } from '../../workflows/pipeline/schema.js';
import {
  defaultInputs,
  manualInputs,
  matchesManual,
  matchesPush,
} from '../../workflows/pipeline/triggers.js';
import { BadInput, Refused } from '../platform/errors.js';
import { STORE } from '../platform/tokens.js';
import { WORKFLOWS, type Workflows } from '../platform/workflows.ports.js';
import { lintWords } from './lint-words.js';
import { RunQueue } from './run-queue.js';

export interface Request {
  repository: string;
  /** 40 digits. */
  commit: string;
  branch: string | null;
  trigger: Trigger;
  /** Of a push: what it changed; null where that is not known. */
  changedPaths?: readonly string[] | null;
  /** The pipeline file's text at `commit`, and its path for findings. */
  text: string;
  file: string;
}

/** A run that may be launched any number of times. Plain JSON: it can be stored before it starts. */
export interface Prepared {
  run: RunRef;
  trigger: Trigger;
  /** Null: lint said no; `findings` says why. */
  plan: Plan | null;
  findings: LintFinding[];
}

/** `skipped`: the pipeline does not want this push; says why. */
export type Preparation = { prepared: Prepared } | { skipped: string };

@Injectable()
export class RunStarter {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(WORKFLOWS) private readonly workflows: Workflows,
    private readonly queue: RunQueue,
  ) {}

  /** Prepares and launches. */
  async start(request: Request): Promise<Preparation> {
    const preparation = await this.prepare(request);
    if ('prepared' in preparation) await this.launch(preparation.prepared);
    return preparation;
  }

  /**
   * Compiles the pipeline and takes the next place in the repository's order. Starts nothing; not
   * repeatable: each call takes a place, and a place that is never used is fine.
   *
   * @throws {Refused} {BadInput} where a person may not start the pipeline, or not with these inputs.
   * {Busy} when too many runs are open.
   */
  async prepare({ text, file, trigger, changedPaths, ...where }: Request): Promise<Preparation> {
    const compiled = compileText(text, file);
    if ('findings' in compiled) {
      const unnamed = { ...where, pipeline: where.repository };
      return { prepared: await this.planned(unnamed, trigger, null, compiled.findings) };
    }
    const { plan, pipeline } = compiled;
    if (trigger.kind === 'push') {
      const push = { branch: where.branch ?? '', changedPaths: changedPaths ?? null };
      const { runs, why } = matchesPush(pipeline, push);
      if (!runs) return { skipped: why };
    }
    const inputs = trigger.kind === 'manual' ? given(pipeline, trigger) : defaultInputs(pipeline);
    const named = { ...where, pipeline: plan.pipeline };
    await this.admit(where.repository);
    return { prepared: await this.planned(named, { ...trigger, inputs }, plan) };
  }

  /** Takes a place for one more run. @throws {Busy} when too many are open. */
  admit(repository: string): Promise<void> {
    return this.queue.admit(repository);
  }

  /** As `prepare`, with a plan that is no file's; there is always room for it. */
  async planned(
    where: Omit<RunRef, 'id' | 'order'>,
    trigger: Trigger,
    plan: Plan | null,
    findings: LintFinding[] = [],
  ): Promise<Prepared> {
    const order = await this.store.repositories.nextOrder(where.repository);
    const id = RunId.parse(`${where.repository}-${order}`);
    return { run: { id, order, ...where }, trigger, plan, findings };
  }

  /**
   * Starts the run. Repeatable by the run's id. Once this returns, the run is durable: Temporal has
   * it, or (where lint said no) the record does.
   *
   * @throws {TemporalUnavailable} {StoreUnavailable} where it is not; call it again.
   */
  async launch({ run, trigger, plan, findings }: Prepared): Promise<void> {
    if (plan === null) {
      await this.store.runs.open({ run, trigger, plan, ...lintWords(run.id, findings) });
      return;
    }
    await this.workflows.startRun({ run, trigger, plan });
    // Only so that the run is seen at once: its workflow writes the same row, and waits for the store.
    await this.store.runs.open({ run, trigger, plan }).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error;
    });
  }
}

/** @throws {Refused} {BadInput} */
function given(pipeline: Pipeline, { inputs }: Trigger): Record<string, string> {
  const start = matchesManual(pipeline);
  if (!start.runs) {
    throw new Refused('no-manual-start', start.why, 'Push, or add "manual: {}" to "on".');
  }
  const checked = manualInputs(pipeline, inputs);
  if ('inputs' in checked) return checked.inputs;
  throw new BadInput(
    checked.findings.map(({ field, message, help }) => ({ field, message: `${message}; ${help}` })),
  );
}
