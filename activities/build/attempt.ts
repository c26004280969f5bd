/** One attempt of a step that runs commands: what is the same for `run` and `build`, from start to end. */

import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { STEP_TIMEOUT_SECONDS } from '../../workflows/domain/limits.js';
import type { RunRef } from '../../workflows/domain/run.js';
import { type StepContext, StepFailure, type StepResult } from '../../workflows/domain/step.js';
import type { Cache } from '../../workflows/pipeline/plan.js';
import { extractArchive } from '../artifacts/archive.js';
import type { ArtifactStore, CacheStore } from '../artifacts/artifacts.ports.js';
import type { Logs, StepLog } from '../logs/logs.ports.js';
import type { Mask } from '../logs/mask.js';
import { SlipwayError, wordsOf } from '../platform/errors.js';
import { startHeartbeats } from '../platform/heartbeats.js';
import { machineTrouble } from '../platform/machine.js';
import type { Checkouts, Executor, Network, StepSecrets } from './build.ports.js';
import { restoreCaches, saveCaches } from './caches.js';
import { environmentOf } from './environment.js';
import { type Outputs, readOutputs } from './outputs.js';
import type { WorkspacePool } from './pool.js';
import { nameOf, refusalOf, skippedAfter } from './refusals.js';
import { type Ending, runCommands } from './runner.js';
import { hiding } from './secrets.js';
import type { Workspace, Workspaces } from './workspace.js';

export interface BuildDeps {
  source: Checkouts;
  artifacts: ArtifactStore;
  caches: CacheStore;
  logs: Logs;
  executor: Executor;
  workspaces: Workspaces;
  secrets: StepSecrets;
  /** Where the stage answers; undefined when it serves nothing. */
  stageUrl: (repository: string, stage: string) => Promise<string | undefined>;
  /** PATH of the commands; see pathForSteps. */
  path: string;
  /** What the commands of a step may print, MiB. */
  maxOutputMib: number;
}

/** What attempts share. */
export type AttemptDeps = BuildDeps & { pool: WorkspacePool };

/** The step, as far as an attempt needs it. */
export interface Work {
  context: StepContext;
  step: {
    name: string;
    env?: Record<string, string> | undefined;
    outputs?: string[] | undefined;
    secrets?: string[] | undefined;
    timeoutSeconds?: number | undefined;
    network?: Network | undefined;
  };
  commands: string[];
  cache: Cache[];
  stage: string | undefined;
}

export interface Attempt {
  workspace: Workspace;
  log: StepLog;
  secrets: Record<string, string>;
  /** Hides them. */
  mask: Mask;
  /** Aborted when Temporal has given the step to another attempt while we stood still. */
  lost: AbortSignal;
  /** Resolves when no process of the attempt is left. */
  cleared: Promise<void>;
}

/**
 * Prepares a workspace, runs the commands, and on success lets `finish` say what became of it. The
 * workspace goes in any case, soon after the answer.
 */
export async function attempt(
  deps: AttemptDeps,
  work: Work,
  finish: (attempt: Attempt) => Promise<StepResult>,
): Promise<StepResult> {
  const startedMs = performance.now();
  const activity = Context.current();
  const { run } = work.context;
  const log = deps.logs.open({
    runId: run.id,
    step: work.step.name,
    attempt: activity.info.attempt,
  });
  log.write('slipway', `${deps.executor.notice}\n`);
  const { lost, stop } = startHeartbeats(() => activity.heartbeat());
  let at: (Attempt & { startedMs: number }) | undefined;
  try {
    const given = await secretsOf(deps, work);
    if (!given.ok) {
      log.write('slipway', `${given.reason}\n`);
      return { verdict: 'failed', reason: given.reason };
    }
    const { values: secrets } = given;
    return await hiding(Object.values(secrets), log, async (mask) => {
      const workspace = await reaching(`"${run.repository}" cannot be checked out`, () =>
        deps.pool.take(run),
      );
      const cleared = Promise.resolve();
      at = { workspace, log, secrets, mask, startedMs, lost, cleared };
      return inWorkspace(deps, work, at, finish);
    });
  } catch (error) {
    if (!(error instanceof CancelledFailure)) log.write('slipway', `${wordsOf(error)}\n`);
    throw error;
  } finally {
    stop();
    // Not awaited: the record keeps the order, so the step's end is written after its log.
    void log.flush();
    if (at) giveBack(deps.pool, at, run);
  }
}

function giveBack(pool: WorkspacePool, { workspace, cleared }: Attempt, run: RunRef): void {
  void cleared.then(() => pool.giveBack(workspace, run));
}

async function inWorkspace(
  deps: BuildDeps,
  work: Work,
  at: Attempt & { startedMs: number },
  finish: (attempt: Attempt) => Promise<StepResult>,
): Promise<StepResult> {
  const { workspace, log } = at;
  const { run } = work.context;
  const say = (line: string) => log.write('slipway', `${line}\n`);
  const refused = work.commands.length > 0 && deps.executor.refusalOf(networkOf(work));
  if (refused) return no(say, { verdict: 'failed', reason: refused });
  const stageUrl = await urlOf(deps, work);
  await unpackNeeds(deps, work, workspace);
  const { secrets } = at;
  const { path } = deps;
  const environment = environmentOf({ ...work, workspace, stageUrl, path, secrets });
  if (!environment.ok) return no(say, { verdict: 'failed', reason: environment.reason });

  const scope = { run, workspace, say };
  const caches = await reaching('no cache can be read', () =>
    restoreCaches(deps, scope, work.cache),
  );
  if (work.commands.length > 0) {
    if (work.context.artifacts.length > 0 || caches.length > 0) {
      await reaching('the files cannot be handed over', () =>
        deps.executor.handOver(workspace.tree),
      );
    }
    const ending = await watch(deps, work, { env: environment.env, stageUrl }, at);
    const { commands } = work;
    const { maxOutputMib } = deps;
    const refusal = refusalOf(ending, { commands, workspace, maxOutputMib });
    if (refusal) return no(say, refusal);
    if (!ending.isComplete) say(skippedAfter(ending, commands));
  }
  const outputs = await reaching('outputs cannot be read', () =>
    readOutputs(workspace.output, work.step.outputs ?? [], at.mask.holds),
  );
  if (!outputs.ok) return no(say, { verdict: 'failed', reason: outputs.reason, exitCode: 0 });
  const result = await reaching('the result cannot be kept', () => finish(at));
  if (result.verdict === 'failed') return no(say, result);
  await saveCaches(deps, scope, caches);
  return { ...withMissing(result, work, outputs.values, say), ...withOutputs(outputs) };
}

/** Runs the commands until they end, time is up, or the step is cancelled. */
async function watch(
  deps: BuildDeps,
  work: Work,
  given: { env: Record<string, string>; stageUrl: string | undefined },
  at: Attempt & { startedMs: number },
): Promise<Ending> {
  const { commands, step, context } = work;
  const { workspace, log, startedMs } = at;
  const { cancellationSignal, cancelled } = Context.current();
  if (cancellationSignal.aborted) await cancelled;
  at.lost.throwIfAborted();
  const timeoutSeconds = step.timeoutSeconds ?? STEP_TIMEOUT_SECONDS;
  const ending = await reaching('the commands cannot be started', () =>
    runCommands(deps.executor, {
      commands,
      ...given,
      log,
      folder: workspace.tree,
      scratch: workspace.scratch,
      writable: workspace.root,
      readable: deps.source.readFrom(context.run.repository),
      network: networkOf(work),
      maxOutputBytes: deps.maxOutputMib * 1_048_576,
      deadlineMs: startedMs + timeoutSeconds * 1_000,
      cancellation: AbortSignal.any([cancellationSignal, at.lost]),
    }),
  );
  at.cleared = ending.cleared;
  if (ending.why === 'cancelled') {
    at.lost.throwIfAborted();
    await cancelled;
  }
  if (ending.why !== 'timedOut') return ending;
  const message =
    `"${step.name}" did not end within ${timeoutSeconds} s and was ended` +
    `${ending.command >= 0 ? `; ${nameOf(ending, commands)} was running` : ''}. ` +
    'Look in its log for what it waited for, or give the step a longer "timeout".';
  throw ApplicationFailure.create({ message, type: StepFailure.timedOut });
}

async function secretsOf(deps: BuildDeps, { context, step, stage }: Work) {
  const { repository, branch } = context.run;
  return reaching('the secrets of this step cannot be read', () =>
    deps.secrets.give(step.secrets ?? [], { repository, branch, stage }),
  );
}

async function unpackNeeds(
  deps: BuildDeps,
  { context }: Work,
  workspace: Workspace,
): Promise<void> {
  for (const { name, digest } of context.artifacts) {
    await reaching(`the artifact of "${name}" cannot be unpacked`, async () =>
      extractArchive(await deps.artifacts.path(digest), workspace.tree),
    );
  }
}

async function urlOf(deps: BuildDeps, { context, stage }: Work): Promise<string | undefined> {
  if (stage === undefined) return undefined;
  const url = await reaching(`the URL of "${stage}" cannot be read`, () =>
    deps.stageUrl(context.run.repository, stage),
  );
  if (url !== undefined) return url;
  const message =
    `the stage "${stage}" has no URL, because nothing was deployed to it yet. ` +
    'Let this step need the step that deploys to it.';
  throw ApplicationFailure.create({ message, type: StepFailure.errored });
}

/** Anything that goes wrong here says nothing about the commit. */
async function reaching<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
    const known = error instanceof SlipwayError ? error : machineTrouble(error);
    const help = known ? `. ${known.help}` : '';
    throw ApplicationFailure.create({
      message: `${what}: ${wordsOf(known ?? error)}${help}`,
      type: StepFailure.errored,
      cause: error instanceof Error ? error : new Error(String(error)),
    });
  }
}

function networkOf({ step }: Work): Network {
  return step.network ?? 'default';
}

function withOutputs({ values }: Extract<Outputs, { ok: true }>): Pick<StepResult, 'outputs'> {
  return Object.keys(values).length > 0 ? { outputs: values } : {};
}

/** An output that nobody wrote is empty where it is used: whoever declared it should know. */
function withMissing(
  result: StepResult,
  { step }: Work,
  written: Record<string, string>,
  say: (line: string) => void,
): StepResult {
  const missing = (step.outputs ?? []).filter((name) => !Object.hasOwn(written, name));
  if (missing.length === 0) return result;
  const names = missing.map((name) => `"${name}"`).join(', ');
  const said = `${missing.length === 1 ? 'the output' : 'the outputs'} ${names} declared, not written`;
  say(said);
  return { ...result, summary: [result.summary, said].filter(Boolean).join('; ') };
}

/** Says why in the log, too: that is where people look first. */
function no(say: (line: string) => void, result: StepResult): StepResult {
  say(result.reason ?? 'failed');
  return result;
}
