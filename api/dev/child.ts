/** One process of the stack: started, waited for, restarted when it dies, stopped by its own id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { wordsOf } from '../../activities/platform/errors.js';
import { limitLog } from './log-limit.js';
import { watchPulse } from './pulse.js';

export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Resolves when it is ready; rejects when it will not be. Default: its IPC message `ready`. */
  ready?: (child: ChildProcess) => Promise<void>;
  /** It answers pings over IPC; without an answer for a minute it is killed, and started again. */
  hasPulse?: boolean;
  /** Between its death and its next start. Default: 200 ms to 5 s. */
  backoffMs?: { first: number; most: number };
  /** The signal that stops it. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Run it as this user (PostgreSQL refuses to run as root). */
  uid?: number;
  gid?: number;
}

/** Longest start, and longest polite stop, of one process. Milliseconds. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
/** A process that was ready for this long had a good start: its death is not the next of a row. */
const SETTLED_MS = 5_000;
const BACKOFF_MS = { first: 200, most: 5_000 };
/** How many restarts within the window are too many. */
const MAX_RESTARTS = 20;
const RESTART_WINDOW_MS = 300_000;

export class Child {
  private process: ChildProcess | undefined;
  private stopping = false;
  private restarts: number[] = [];
  /** Deaths in a row without a good start between them. */
  private row = 0;
  /** Of the monotonic clock; undefined while it is not ready. */
  private readySinceMs: number | undefined;
  private stopLimiting: () => void = () => {};
  private stopAsking: () => void = () => {};

  constructor(
    private readonly spec: ChildSpec,
    private readonly folders: { logs: string },
    private readonly events: {
      /** Called whenever the process id changes, so that a later start can find what we left. */
      changed: () => Promise<void>;
      say: (text: string) => void;
      /** It cannot be kept alive. */
      gaveUp: (reason: string) => void;
      /** What keeps it from living, where that is known: such deaths are not held against it. */
      trouble?: () => string | undefined;
    },
  ) {}

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  get logFile(): string {
    return join(this.folders.logs, `${this.spec.name}.log`);
  }

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    this.process = undefined;
    const log = await open(this.logFile, 'a');
    if (this.stopping) return log.close();
    this.stopLimiting();
    this.stopLimiting = limitLog(this.logFile);
    const child = spawn(this.spec.command, this.spec.args, {
      env: this.spec.env,
      detached: true,
      ...(this.spec.uid === undefined ? {} : { uid: this.spec.uid }),
      ...(this.spec.gid === undefined ? {} : { gid: this.spec.gid }),
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
    this.process = child;
    const ended = new Promise<never>((_resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(new Error(`${this.name} ended (${signal ?? code}); its log is ${this.logFile}`)),
      );
    });
    ended.catch(() => {});
    child.once('exit', (code, signal) => this.died(child, String(signal ?? code)));
    await log.close();
    await this.events
      .changed()
      .catch((error: unknown) =>
        this.events.say(`stack.json cannot be written: ${wordsOf(error)}`),
      );
    const late = AbortSignal.timeout(START_LIMIT_MS);
    const tooLate = new Promise<never>((_resolve, reject) => {
      late.onabort = () =>
        reject(new Error(`${this.name} is not ready after 60 s; see ${this.logFile}`));
    });
    await Promise.race([(this.spec.ready ?? saysReady)(child), ended, tooLate]);
    if (this.spec.hasPulse) this.watch(child);
    this.readySinceMs = performance.now();
  }

  /** Stops it: politely, then for sure. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopLimiting();
    this.stopAsking();
    const child = this.process;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(this.spec.stopSignal ?? 'SIGTERM');
    const slow = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await gone;
    clearTimeout(slow);
  }

  private watch(child: ChildProcess): void {
    this.stopAsking = watchPulse(child, {
      say: (text) => this.events.say(`${this.name} ${text}`),
      lost: () => child.kill('SIGKILL'),
    });
  }

  private died(child: ChildProcess, how: string): void {
    this.stopAsking();
    if (this.stopping || this.process !== child) return;
    void this.restart(how);
  }

  private async restart(how: string): Promise<void> {
    const trouble = this.events.trouble?.();
    const backoff = trouble === undefined ? this.nextBackoff() : this.backoffMs.most;
    if (backoff === undefined) {
      this.events.gaveUp(
        `${this.name} died ${this.restarts.length} times in 5 minutes; see ${this.logFile}`,
      );
      return;
    }
    const because = trouble === undefined ? '' : `${trouble}; `;
    this.events.say(`${this.name} ended (${how}); ${because}starting it again in ${backoff} ms`);
    await wait(backoff);
    if (this.stopping) return;
    try {
      await this.start();
      this.events.say(`${this.name} is back`);
    } catch (error) {
      if (this.stopping) return;
      this.events.say(wordsOf(error));
      this.afterFailedStart();
    }
  }

  /** Milliseconds until the next start; undefined when there were too many. */
  private nextBackoff(): number | undefined {
    const now = performance.now();
    this.restarts = [...this.restarts.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.restarts.length > MAX_RESTARTS) return undefined;
    const wasSettled = this.readySinceMs !== undefined && now - this.readySinceMs >= SETTLED_MS;
    this.readySinceMs = undefined;
    this.row = wasSettled ? 1 : this.row + 1;
    const { first, most } = this.backoffMs;
    return Math.min(first * 2 ** (this.row - 1), most);
  }

  private get backoffMs() {
    return this.spec.backoffMs ?? BACKOFF_MS;
  }

  /** One that ended is started again by its end; one that never began, or is not ready, by us. */
  private afterFailedStart(): void {
    const child = this.process;
    if (child?.pid === undefined) void this.restart('could not be started');
    else if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
  });
}
