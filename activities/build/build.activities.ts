/** Running a repository's own commands: in a fresh checkout, watched, logged, and ended for sure. */
import { join } from 'node:path';
import { type StageName, short } from '../../workflows/domain/names.js';
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import { ArchiveRefused, writeArchive } from '../artifacts/archive.js';
import { selectFiles, TooManyFiles } from '../artifacts/selection.js';
import { type Attempt, attempt, type BuildDeps } from './attempt.js';
import { WorkspacePool } from './pool.js';

export interface BuildActivities {
  /**
   * Runs the commands of a `run` step, in order, in a fresh checkout of the commit with the artifacts
   * of its needs and its caches restored. Heartbeats every second while commands run.
   *
   * Safe to retry: each attempt has a workspace of its own; the log says which attempt speaks.
   *
   * @returns `failed` with `exitCode` or `signal` when a command said no.
   * @throws {ApplicationFailure} `StepErrored`, retried: no workspace, no checkout, no artifact.
   * @throws {ApplicationFailure} `StepTimedOut`, retried only where the step asks for it.
   */
  runCommands: (input: {
    context: StepContext;
    step: StepOf<'run'>;
    /** Whose URL $STAGE_URL names: the stage of a check step. Absent: $STAGE_URL is not set. */
    stage?: StageName;
  }) => Promise<StepResult>;

  /**
   * Runs the commands of a `build` step and archives its paths. Same input, same digest: entries are
   * sorted, times and owners are fixed. Safe to retry: the archive is stored under its digest.
   *
   * @returns `artifact`; `failed` when a command said no or a path matches nothing.
   * @throws {ApplicationFailure} `StepErrored` and `StepTimedOut`, as above.
   */
  buildArchive: (input: { context: StepContext; step: StepOf<'build'> }) => Promise<StepResult>;
}

export function createBuildActivities(parts: BuildDeps): BuildActivities {
  const deps = { ...parts, pool: new WorkspacePool(parts.workspaces, parts.source) };
  return {
    runCommands: ({ context, step, stage }) => {
      const { commands, artifacts = [], cache = [] } = step.spec;
      return attempt(deps, { context, step, commands, cache, stage }, async (at) => {
        if (artifacts.length === 0) return succeeded(commands);
        return archived(deps, at, { paths: artifacts, name: step.name, commands });
      });
    },

    buildArchive: ({ context, step }) => {
      const { commands = [], paths, cache = [], command } = step.spec;
      return attempt(deps, { context, step, commands, cache, stage: undefined }, (at) =>
        archived(deps, at, { paths, name: step.name, commands, command }),
      );
    },
  };
}

interface Wanted {
  paths: string[];
  name: string;
  /** That ran before. */
  commands: string[];
  /** How an instance of the archive is started. */
  command?: string | undefined;
}

/** Stores the paths as the step's artifact; says no when one of them cannot be part of it. */
async function archived(deps: BuildDeps, at: Attempt, wanted: Wanted): Promise<StepResult> {
  try {
    return await archive(deps, at, wanted);
  } catch (error) {
    if (!(error instanceof ArchiveRefused || error instanceof TooManyFiles)) throw error;
    return failed(`${error.message}. ${error.help}`);
  }
}

async function archive(
  deps: BuildDeps,
  { workspace, log }: Attempt,
  { paths, name, commands, command }: Wanted,
): Promise<StepResult> {
  const { files, missing, refused } = await selectFiles(workspace.tree, paths);
  if (missing.length > 0) {
    const names = missing.map((path) => `"${path}"`).join(', ');
    return failed(`no file matches ${names}; paths begin at the root of the repository`);
  }
  if (refused.length > 0) return failed(refused.join('; '));
  const target = join(workspace.scratch, 'artifact.tar');
  await writeArchive(workspace.tree, files, target);
  const { digest, bytes } = await deps.artifacts.putFile(target);
  const counted = files.length === 1 ? '1 file' : `${files.length} files`;
  log.write('slipway', `${counted} kept as ${digest} (${bytes} bytes)\n`);
  return {
    ...succeeded(commands, `${counted} kept as ${short(digest)}`),
    artifact: { name, kind: 'archive', digest, bytes, ...(command !== undefined && { command }) },
  };
}

function succeeded(commands: string[], more?: string): StepResult {
  const ran = commands.length > 0;
  const ok = ran ? [`${commands.length} ${commands.length === 1 ? 'command' : 'commands'} ok`] : [];
  return {
    verdict: 'succeeded',
    summary: [...ok, ...(more ? [more] : [])].join(', '),
    ...(ran && { exitCode: 0 }),
  };
}

function failed(reason: string): StepResult {
  return { verdict: 'failed', reason };
}
