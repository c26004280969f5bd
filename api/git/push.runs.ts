/** From a ref update to a run: whether it starts one, and starting it. */
import type { Store } from '../../activities/store/store.ports.js';
import { compileText } from '../../workflows/pipeline/compile.js';
import { defaultInputs, matchesPush } from '../../workflows/pipeline/triggers.js';
import type { Prepared, RunStarter } from '../runs/starter.service.js';
import type { FoundPipeline } from './bare.repositories.js';

export interface PushedCommit {
  repository: string;
  branch: string;
  commit: string;
  by: string;
  pipeline: FoundPipeline;
  /** Null: not known. */
  changedPaths: string[] | null;
}

/** What the git area asks of the rest: a run that can be kept before it starts. */
export interface PushRuns {
  /**
   * A run that is kept and not started, or the sentence that says why there is none.
   *
   * @throws {Busy} when too many runs are open.
   */
  prepare(pushed: PushedCommit): Promise<Prepared | { none: string }>;
  /** Repeatable. */
  launch(prepared: Prepared): Promise<void>;
}

export function createPushRuns(
  starter: Pick<RunStarter, 'admit' | 'planned' | 'launch'>,
): PushRuns {
  return {
    prepare: async ({ repository, branch, commit, by, pipeline: file, changedPaths }) => {
      const compiled = compileText(file.text, file.path);
      const where = { repository, branch, commit };
      if ('findings' in compiled) {
        const trigger = { kind: 'push', by, inputs: {} } as const;
        return starter.planned(
          { ...where, pipeline: repository },
          trigger,
          null,
          compiled.findings,
        );
      }
      const { pipeline, plan } = compiled;
      const start = matchesPush(pipeline, { branch, changedPaths });
      if (!start.runs) return { none: start.why };
      await starter.admit(repository);
      const trigger = { kind: 'push', by, inputs: defaultInputs(pipeline) } as const;
      return starter.planned({ ...where, pipeline: plan.pipeline }, trigger, plan);
    },
    launch: (prepared) => starter.launch(prepared),
  };
}

/** What a push row keeps. Ours alone: written by `receive`, read by `launchRow`. */
export function preparedOf(
  row: Awaited<ReturnType<Store['repositories']['receivePush']>>,
): Prepared {
  return row.pipeline as Prepared;
}
