/** Runs a step's commands as one process, watches it, and leaves nothing of it behind. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StepLog } from '../logs/logs.ports.js';
import type { Executor, Exit, Network, Started } from './build.ports.js';
import { MarkedOutput, type Output } from './marks.js';
import { announcement, scriptOf } from './script.js';

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;
/** What the shell left behind may end by itself: a `tee` that has seen the end of its input. */
const LEFTOVER_MS = 1_000;
/** How often we look whether a group is empty. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 100;
/** How long output is read on after the shell ended, while somebody else holds its pipes. */
const DRAIN_MS = 100;
const LAST_DRAIN_MS = 1_000;
/** Longest script that is handed over as an argument, bytes; Linux takes 131,071. */
const MAX_ARGUMENT_BYTES = 100_000;

export interface Commands {
  commands: string[];
  /** Where they start. */
  folder: string;
  env: Record<string, string>;
  /** Holds the script when it is too long for an argument. */
  scratch: string;
  /** Holds all that they may write. */
  writable: string;
  /** Folders beside it that they may read. */
  readable: string[];
  network: Network;
  /** See Program. */
  stageUrl?: string | undefined;
  /** What they may print on both streams together. Default: no limit but their time. */
  maxOutputBytes?: number | undefined;
  /** Of `performance.now()`. */
  deadlineMs: number;
  /** Aborted when the step is cancelled. */
  cancellation: AbortSignal;
  log: StepLog;
}

export interface Ending extends Exit {
  /** Why it ended: of itself, or because we ended it. */
  why: 'ended' | 'timedOut' | 'cancelled' | 'printedTooMuch';
  /** The limit of the executor that it met, its value and how to change it. */
  limit?: string | undefined;
  /** Index of the command that ran last; -1 when the shell did not come that far. */
  command: number;
  /** All commands ran. */
  isComplete: boolean;
  /** Resolves when processes that left the group are ended, too. Never rejects. */
  cleared: Promise<void>;
}

/**
 * Runs the commands and returns how that ended: when this resolves, no process of the group is
 * left, and all output is in the log.
 *
 * On cancel and at the deadline the group gets SIGTERM, and after 5 s SIGKILL. What the commands left
 * running in the background is ended with the shell.
 *
 * @throws {Error} when the shell cannot be started.
 */
export async function runCommands(executor: Executor, commands: Commands): Promise<Ending> {
  if (commands.cancellation.aborted) return NOT_STARTED;
  const nonce = randomBytes(8).toString('hex');
  const shell = await executor.shell();
  const script = scriptOf(commands.commands, shell.kind, nonce);
  const { folder, env, writable, network, stageUrl } = commands;
  const isLong = Buffer.byteLength(script) > MAX_ARGUMENT_BYTES;
  const started = await executor.start({
    argv: [shell.path, ...(isLong ? [await fileOf(script, commands.scratch)] : ['-c', script])],
    ...{ folder, env, writable, network, stageUrl },
    readable: [...commands.readable, ...(isLong ? [commands.scratch] : [])],
  });
  const reading = new Reading(started, commands, nonce);
  try {
    const { why, ...exit } = await ending(started, commands, reading.tooMuch);
    const isUrgent = why !== 'ended';
    if (!isUrgent && !(await emptiesWithin(started, LEFTOVER_MS))) reading.say(LEFTOVERS);
    started.signal('SIGKILL');
    const cleared = started.endStragglers(isUrgent);
    if (isUrgent) await cleared;
    await reading.finish();
    const isComplete = reading.at === commands.commands.length;
    const command = reading.at - (isComplete ? 1 : 0);
    const limit = why === 'ended' ? started.limitMet(exit) : undefined;
    return { ...exit, why, limit, command, isComplete, cleared };
  } finally {
    started.signal('SIGKILL');
    started.release();
  }
}

const NOT_STARTED: Ending = {
  why: 'cancelled',
  exitCode: null,
  signal: null,
  command: -1,
  isComplete: false,
  cleared: Promise.resolve(),
};

/** True when nobody is left in the group before the time is up. */
async function emptiesWithin(started: Started, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  for (let waitMs = FIRST_LOOK_MS; started.lives(); waitMs = Math.min(2 * waitMs, LAST_LOOK_MS)) {
    if (performance.now() > end) return false;
    await pause(waitMs);
  }
  return true;
}

const LEFTOVERS = 'processes that the commands had left running were ended\n';

async function fileOf(script: string, scratch: string): Promise<string> {
  const file = join(scratch, 'script');
  await writeFile(file, script);
  return file;
}

const WHY_WORDS = {
  timedOut: 'time is up',
  cancelled: 'cancelled',
  printedTooMuch: 'more output than allowed',
};

/** Waits for the shell; on cancel, at the deadline or after too much output, ends the group. */
async function ending(
  started: Started,
  { deadlineMs, cancellation, log }: Commands,
  tooMuch: Promise<void>,
): Promise<Exit & Pick<Ending, 'why'>> {
  const ends = [
    started.ended.then(() => 'ended' as const),
    tooMuch.then(() => 'printedTooMuch' as const),
  ];
  const first = await firstOf(ends, deadlineMs, cancellation);
  if (first !== 'ended') {
    log.write('slipway', `\n${WHY_WORDS[first]}: ending commands\n`);
    started.signal('SIGTERM');
    if (!(await emptiesWithin(started, GRACE_MS))) {
      log.write('slipway', `still running after ${GRACE_MS / 1_000} s: killed\n`);
    }
    started.signal('SIGKILL');
  }
  return { why: first, ...(await started.ended) };
}

async function firstOf(
  ends: Promise<Ending['why']>[],
  deadlineMs: number,
  cancellation: AbortSignal,
): Promise<Ending['why']> {
  if (cancellation.aborted) return 'cancelled';
  const stop = new AbortController();
  const { signal } = stop;
  const waitMs = Math.max(1, deadlineMs - performance.now());
  try {
    return await Promise.race([
      ...ends,
      pause(waitMs, 'timedOut' as const, { signal }),
      once(cancellation, 'abort', { signal }).then(() => 'cancelled' as const),
    ]);
  } finally {
    stop.abort();
  }
}

/** Carries output to the log, and stops reading while the log is behind: the pipe then waits. */
class Reading {
  /** The last mark; -1 before the first. */
  at = -1;
  private printedBytes = 0;
  private readonly limit = Promise.withResolvers<void>();
  /** Resolves when the commands printed more than they may. */
  readonly tooMuch = this.limit.promise;
  private endsLine = true;
  private readonly over = Promise.withResolvers<void>();
  private readonly output: MarkedOutput;
  private readonly done: Promise<unknown>;

  constructor(
    private readonly started: Started,
    private readonly commands: Commands,
    nonce: string,
  ) {
    const sink = {
      text: (stream: Output, bytes: Buffer) => this.text(stream, bytes),
      reached: (index: number) => this.reached(index),
    };
    this.output = new MarkedOutput(nonce, sink, commands.commands.length);
    this.done = Promise.all([this.read('stdout'), this.read('stderr')]);
  }

  say(words: string): void {
    this.commands.log.write('slipway', this.endsLine ? words : `\n${words}`);
    this.endsLine = true;
  }

  /** The shell has ended: reads what is left, without waiting for whoever else holds the pipes. */
  async finish(): Promise<void> {
    this.over.resolve();
    if (!(await this.endsWithin(DRAIN_MS))) {
      await this.started.endStragglers(true);
      if (!(await this.endsWithin(LAST_DRAIN_MS))) {
        this.started.stdout.destroy();
        this.started.stderr.destroy();
      }
    }
    this.output.end();
  }

  /** Not by `data` events: pause() and resume() within one tick can stall a pipe for ever. */
  private async read(stream: Output): Promise<void> {
    try {
      for await (const chunk of this.started[stream]) {
        this.output.push(stream, chunk as Buffer);
        this.printedBytes += (chunk as Buffer).length;
        if (this.printedBytes > (this.commands.maxOutputBytes ?? Infinity)) this.limit.resolve();
        const behind = this.commands.log.behind();
        if (behind) await Promise.race([behind, this.over.promise]);
      }
    } catch {
      // Destroyed below us: nothing more is to be read.
    }
  }

  private async endsWithin(ms: number): Promise<boolean> {
    const stop = new AbortController();
    const late = pause(ms, false, { signal: stop.signal }).catch(() => false);
    const inTime = await Promise.race([this.done.then(() => true), late]);
    stop.abort();
    return inTime;
  }

  private text(stream: Output, bytes: Buffer): void {
    this.commands.log.write(stream, bytes);
    this.endsLine = bytes.at(-1) === 0x0a;
  }

  private reached(index: number): void {
    this.at = index;
    const command = this.commands.commands[index];
    if (command !== undefined) this.say(announcement(command));
  }
}
