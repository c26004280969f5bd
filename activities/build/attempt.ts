/** One attempt of a step that runs commands: what is the same for `run` and `build`, from start to end. */

import { constants } from 'node:os';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { STEP_TIMEOUT_SECONDS } from '../../workflows/domain/limits.js';
import type { RunRef } from '../../workflows/domain/run.js';
import { type StepContext, StepFailure, type StepResult } from '../../workflows/domain/step.js';
import type { Cache } from '../../workflows/pipeline/plan.js';
import { extractArchive } from '../artifacts/archive.js';
import type { ArtifactStore, CacheStore } from '../artifacts/artifacts.ports.js';
import type { Logs, StepLog } from '../logs/logs.ports.js';
import { SlipwayError, wordsOf } from '../platform/errors.js';
import type { Checkouts, Executor } from './build.ports.js';
import { restoreCaches, saveCaches } from './caches.js';
import { environmentOf } from './environment.js';
import { type Outputs, readOutputs } from './outputs.js';
import type { WorkspacePool } from './pool.js';
import { type Ending, runCommands } from './runner.js';
import type { Workspace, Workspaces } from './workspace.js';

const HEARTBEAT_MS = 1_000;
/** A command as it is quoted in a reason, characters. */
const MAX_QUOTED_CHARS = 120;

export interface BuildDeps {
  source: Checkouts;
  artifacts: ArtifactStore;
  caches: CacheStore;
  logs: Logs;
  executor: Executor;
  workspaces: Workspaces;
  /** Where the stage answers; undefined when it serves nothing. */
  stageUrl: (repository: string, stage: string) => Promise<string | undefined>;
  /** PATH of the commands; see pathForSteps. */
  path: string;
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
    timeoutSeconds?: number | undefined;
  };
  commands: string[];
  cache: Cache[];
  stage: string | undefined;
}

export interface Attempt {
  workspace: Workspace;
  log: StepLog;
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
  const beating = setInterval(() => activity.heartbeat(), HEARTBEAT_MS);
  let at: (Attempt & { startedMs: number }) | undefined;
  try {
    const workspace = await reaching(`"${run.repository}" cannot be checked out`, () =>
      deps.pool.take(run),
    );
    at = { workspace, log, startedMs, cleared: Promise.resolve() };
    return await inWorkspace(deps, work, at, finish);
  } catch (error) {
    if (!(error instanceof CancelledFailure)) log.write('slipway', `${wordsOf(error)}\n`);
    throw error;
  } finally {
    clearInterval(beating);
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
  const stageUrl = await urlOf(deps, work);
  await unpackNeeds(deps, work, workspace);
  const environment = environmentOf({ ...work, workspace, stageUrl, path: deps.path });
  if (!environment.ok) return no(say, { verdict: 'failed', reason: environment.reason });

  const scope = { run, workspace, say };
  const caches = await reaching('no cache can be read', () =>
    restoreCaches(deps, scope, work.cache),
  );
  if (work.commands.length > 0) {
    const ending = await watch(deps, work, environment.env, at);
    const refusal = refusalOf(ending, work);
    if (refusal) return no(say, refusal);
    if (!ending.isComplete) say(skippedAfter(ending, work));
  }
  const outputs = await reaching('outputs cannot be read', () =>
    readOutputs(workspace.output, work.step.outputs ?? []),
  );
  if (!outputs.ok) return no(say, { verdict: 'failed', reason: outputs.reason, exitCode: 0 });
  const result = await reaching('the result cannot be kept', () => finish(at));
  if (result.verdict === 'failed') return no(say, result);
  await saveCaches(deps, scope, caches);
  return { ...result, ...withOutputs(outputs) };
}

/** Runs the commands until they end, time is up, or the step is cancelled. */
async function watch(
  deps: BuildDeps,
  { commands, step }: Work,
  env: Record<string, string>,
  at: Attempt & { startedMs: number },
): Promise<Ending> {
  const { workspace, log, startedMs } = at;
  const { cancellationSignal, cancelled } = Context.current();
  if (cancellationSignal.aborted) await cancelled;
  const timeoutSeconds = step.timeoutSeconds ?? STEP_TIMEOUT_SECONDS;
  const ending = await reaching('the commands cannot be started', () =>
    runCommands(deps.executor, {
      commands,
      env,
      log,
      folder: workspace.tree,
      scratch: workspace.scratch,
      deadlineMs: startedMs + timeoutSeconds * 1_000,
      cancellation: cancellationSignal,
    }),
  );
  at.cleared = ending.cleared;
  if (ending.why === 'cancelled') await cancelled;
  if (ending.why !== 'timedOut') return ending;
  const message =
    `"${step.name}" did not end within ${timeoutSeconds} s and was ended` +
    `${ending.command >= 0 ? `; ${nameOf(ending, commands)} was running` : ''}. ` +
    'Look in its log for what it waited for, or give the step a longer "timeout".';
  throw ApplicationFailure.create({ message, type: StepFailure.timedOut });
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
    const help = error instanceof SlipwayError ? ` ${error.help}` : '';
    throw ApplicationFailure.create({
      message: `${what}: ${wordsOf(error)}${help}`,
      type: StepFailure.errored,
      cause: error instanceof Error ? error : new Error(String(error)),
    });
  }
}

/** The answer, when a command said no. */
function refusalOf(ending: Ending, { commands }: Work): StepResult | undefined {
  const { exitCode } = ending;
  if (exitCode === 0) return undefined;
  const signal = ending.signal ?? signalOf(exitCode);
  const what = ending.command < 0 ? 'the shell' : nameOf(ending, commands);
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  const hint = signal === 'SIGKILL' ? '; did the machine run out of memory?' : '';
  return {
    verdict: 'failed',
    reason: `${what} ${how}${hint}`,
    exitCode,
    ...(signal && { signal }),
  };
}

/** A shell reports a command that a signal ended as 128 + the signal's number. */
function signalOf(exitCode: number | null): string | undefined {
  if (exitCode === null || exitCode <= 128) return undefined;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
}

function nameOf({ command }: Ending, commands: string[]): string {
  const text = (commands[command] ?? '').trim();
  const line = text.split('\n', 1)[0] ?? '';
  const isCut = line.length < text.length || line.length > MAX_QUOTED_CHARS;
  return `command ${command + 1} of ${commands.length}, "${line.slice(0, MAX_QUOTED_CHARS)}${isCut ? '…' : ''}",`;
}

function skippedAfter({ command }: Ending, { commands }: Work): string {
  return (
    `command ${command + 1} ended the shell with exit code 0: ` +
    `${commands.length - command - 1} commands after it did not run`
  );
}

function withOutputs({ values }: Extract<Outputs, { ok: true }>): Pick<StepResult, 'outputs'> {
  return Object.keys(values).length > 0 ? { outputs: values } : {};
}

/** Says why in the log, too: that is where people look first. */
function no(say: (line: string) => void, result: StepResult): StepResult {
  say(result.reason ?? 'failed');
  return result;
}
