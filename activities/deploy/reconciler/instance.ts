/** One running release: a process group of its own that outlives the reconciler, and can be adopted. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Release } from '../../../workflows/domain/release.js';
import { beginLog, lastLines } from './instance-log.js';
import { endGroup, identify, isAlive, type ProcessIdentity } from './processes.js';

const HOST = '127.0.0.1';
/** How long a release may take until it answers. Milliseconds. */
const START_LIMIT_MS = 30_000;
const FIRST_LOOK_MS = 25;
const MAX_LOOK_MS = 250;
/** One health probe. Milliseconds. */
const PROBE_LIMIT_MS = 2_000;
/** Between SIGTERM and SIGKILL. Milliseconds. */
export const END_GRACE_MS = 5_000;

/** Why an instance is not healthy. */
export interface Objection {
  words: string;
  /** It answered nothing at all, neither good nor bad. */
  isSilent: boolean;
}

/** What is written down of an instance, for the reconciler that comes after this one. */
export interface InstanceRecord extends ProcessIdentity {
  digest: string;
  commit: string;
  health: string;
  port: number;
  /** Of the unpacked release. */
  folder: string;
  logFile: string;
}

export interface InstancePlace {
  /** Of the unpacked release. */
  folder: string;
  /** HOME of the instance: stays from release to release. */
  home: string;
  logFile: string;
  stage: string;
}

/** Where an instance finds chat, and a token that may ask models and nothing else. */
function chatOf({
  SLIPWAY_STAGE_CHAT_URL: url,
  SLIPWAY_STAGE_TOKEN_FILE: file,
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return url && file ? { SLIPWAY_CHAT_URL: url, SLIPWAY_CHAT_TOKEN_FILE: file } : {};
}

export class Instance {
  /** How it ended, for people; undefined while we know of no end. */
  ended: string | undefined;
  private readonly listeners: (() => void)[] = [];

  private constructor(
    readonly record: InstanceRecord,
    private readonly isAdopted: boolean,
  ) {}

  static start(
    release: Release,
    { folder, home, logFile, stage, port }: InstancePlace & { port: number },
  ): Instance {
    const main = release.artifacts.find((artifact) => artifact.command);
    mkdirSync(home, { recursive: true });
    beginLog(logFile);
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn('bash', ['-c', main?.command ?? ''], {
      cwd: join(folder, main?.name ?? ''),
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        HOME: home,
        HOST,
        PORT: String(port),
        SLIPWAY_STAGE: stage,
        SLIPWAY_RELEASE: release.digest,
        SLIPWAY_COMMIT: release.commit,
        SLIPWAY_ARTIFACTS: folder,
        ...chatOf(process.env),
      },
    });
    closeSync(log);
    const { digest, commit, health } = release;
    const identity = child.pid === undefined ? { pid: 0, started: 'never' } : identify(child.pid);
    const record = { ...identity, digest, commit, health, port, folder, logFile };
    const instance = new Instance(record, false);
    child.once('error', (error) => instance.noteEnd(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      instance.noteEnd(signal ? `was ended by ${signal}` : `ended with exit code ${code}`),
    );
    child.unref();
    return instance;
  }

  /** Takes over an instance that another reconciler started. Undefined when it does not run any more. */
  static adopt(record: InstanceRecord): Instance | undefined {
    return isAlive(record) ? new Instance(record, true) : undefined;
  }

  /** Calls `listener` once it has ended, also when that was before. */
  onEnd(listener: () => void): void {
    if (this.ended === undefined) this.listeners.push(listener);
    else queueMicrotask(listener);
  }

  /** Notices the end of an adopted instance too, which no event tells. */
  isRunning(): boolean {
    if (this.isAdopted && !isAlive(this.record)) this.noteEnd('ended');
    return this.ended === undefined;
  }

  /** Undefined when it answers its health path below 500, else why not. */
  probe(): Promise<Objection | undefined> {
    const { health: path, port } = this.record;
    return new Promise((resolve) => {
      const object = (words: string, isSilent: boolean): void =>
        resolve({ words: `GET ${path} ${words}`, isSilent });
      const request = get({ host: HOST, port, path, agent: false, timeout: PROBE_LIMIT_MS });
      request.on('response', (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        if (status < 500) resolve(undefined);
        else object(`answers ${status}`, false);
      });
      request.on('timeout', () => {
        object(`does not answer within ${PROBE_LIMIT_MS / 1_000} s`, true);
        request.destroy();
      });
      request.on('error', ({ message }) => object(`cannot be asked: ${message}`, true));
    });
  }

  /** Resolves to undefined once it is healthy, else to why it will not be. Ends early on `signal`. */
  async becomesHealthy(signal: AbortSignal): Promise<string | undefined> {
    const deadline = performance.now() + START_LIMIT_MS;
    let lookMs = FIRST_LOOK_MS;
    for (;;) {
      const objection = await this.probe();
      if (!this.isRunning()) return `${this.ended}${this.lastWords()}`;
      if (signal.aborted) return 'is not wanted any more';
      if (objection === undefined) return undefined;
      if (performance.now() >= deadline) {
        return `is not healthy after ${START_LIMIT_MS / 1_000} s: ${objection.words}${this.lastWords()}`;
      }
      await wait(lookMs);
      lookMs = Math.min(lookMs * 1.5, MAX_LOOK_MS);
    }
  }

  end(): Promise<void> {
    return endGroup(this.record, END_GRACE_MS);
  }

  private lastWords(): string {
    const lines = lastLines(this.record.logFile);
    return lines === '' ? '' : `; its last words: ${lines}`;
  }

  private noteEnd(how: string): void {
    if (this.ended !== undefined) return;
    this.ended = how;
    for (const listener of this.listeners) listener();
  }
}

/** A port that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host: HOST }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
