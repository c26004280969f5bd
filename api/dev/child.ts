/** One process of the stack: started, waited for, restarted when it dies, stopped by its own id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { limitLog } from './log-limit.js';

export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Resolves when it is ready; rejects when it will not be. Default: its IPC message `ready`. */
  ready?: (child: ChildProcess) => Promise<void>;
  /** The signal that stops it. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Run it as this user (PostgreSQL refuses to run as root). */
  uid?: number;
  gid?: number;
}

/** Longest start, and longest polite stop, of one process. Milliseconds. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
/** Back-off between restarts, and how many restarts within the window are too many. */
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
const MAX_RESTARTS = 20;
const RESTART_WINDOW_MS = 300_000;

export class Child {
  private process: ChildProcess | undefined;
  private stopping = false;
  private restarts: number[] = [];
  private stopLimiting: () => void = () => {};

  constructor(
    private readonly spec: ChildSpec,
    private readonly folders: { logs: string },
    private readonly events: {
      /** Called whenever the process id changes, so that a later start can find what we left. */
      changed: () => Promise<void>;
      say: (text: string) => void;
      /** It cannot be kept alive. */
      gaveUp: (reason: string) => void;
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
    const log = await open(this.logFile, 'a');
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
    await log.close();
    const ended = new Promise<never>((_resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(new Error(`${this.name} ended (${signal ?? code}); its log is ${this.logFile}`)),
      );
    });
    ended.catch(() => {});
    child.once('exit', (code, signal) => this.died(child, String(signal ?? code)));
    await this.events.changed();
    const late = AbortSignal.timeout(START_LIMIT_MS);
    const tooLate = new Promise<never>((_resolve, reject) => {
      late.onabort = () =>
        reject(new Error(`${this.name} is not ready after 60 s; see ${this.logFile}`));
    });
    await Promise.race([(this.spec.ready ?? saysReady)(child), ended, tooLate]);
  }

  /** Stops it: politely, then for sure. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopLimiting();
    const child = this.process;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(this.spec.stopSignal ?? 'SIGTERM');
    const slow = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await gone;
    clearTimeout(slow);
  }

  private died(child: ChildProcess, how: string): void {
    if (this.stopping || this.process !== child) return;
    void this.restart(how);
  }

  private async restart(how: string): Promise<void> {
    const now = Date.now();
    this.restarts = [...this.restarts.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.restarts.length > MAX_RESTARTS) {
      this.events.gaveUp(
        `${this.name} died ${MAX_RESTARTS} times in 5 minutes; see ${this.logFile}`,
      );
      return;
    }
    const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (this.restarts.length - 1), MAX_BACKOFF_MS);
    this.events.say(`${this.name} ended (${how}); starting it again in ${backoff} ms`);
    await wait(backoff);
    if (this.stopping) return;
    try {
      await this.start();
      this.events.say(`${this.name} is back`);
    } catch (error) {
      if (!this.stopping) this.events.say(error instanceof Error ? error.message : String(error));
    }
  }
}

function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
  });
}
