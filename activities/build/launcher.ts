/**
 * Starts programs from a small process, because starting them from a large one is dear.
 *
 * Measured: a Node process copies its page tables for every child. Starting bash blocks a worker of
 * 54 MB for 1 ms, of 267 MB for 15 ms, of 484 MB for 28 ms. So one bash of 4 MB, begun while the worker
 * is still small, starts them all; their output comes back through named pipes. It outlives a worker
 * that dies without a word, to end what that worker had started: Temporal runs the step again
 * elsewhere, and two attempts must not work at once.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { chown, mkdtemp } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Owner } from './build.ports.js';
import { LAUNCHER } from './launcher.program.js';
import { Pipes } from './pipes.js';
import { type Launched, Starter } from './starter.js';

export interface LauncherOptions {
  /** Path of bash. */
  bash: string;
  /** Called once, when this launcher can start no more. */
  onLost: () => void;
  /** Who may use its pipes beside us. */
  owner?: Owner | undefined;
}

export class Launcher {
  readonly pipes: Pipes;
  private readonly starter: Starter;
  private holders = 0;

  private constructor(
    private readonly shell: ChildProcessByStdio<Writable, Readable, null>,
    folder: string,
    private readonly onLost: () => void,
  ) {
    this.pipes = new Pipes(folder, (first, last) => shell.stdin.write(`pipes ${first} ${last}\n`));
    this.starter = new Starter(shell.stdin, this.pipes);
    const reports = createInterface({ input: shell.stdout });
    reports.on('line', (line) => this.hear(line.split(' ')));
    shell.stdin.on('error', () => {}); // `exit` follows.
    shell.once('error', () => this.lose()).once('exit', () => this.lose());
    for (const each of [shell, shell.stdin, shell.stdout] as unknown as Socket[]) each.unref();
  }

  static async begin({ bash, onLost, owner }: LauncherOptions): Promise<Launcher> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-pipes-'));
    if (owner) await chown(folder, owner.uid, owner.gid);
    const shell = spawn(bash, ['--norc', '--noprofile', '-c', LAUNCHER, bash, folder], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: folder,
      env: {},
      detached: true,
    });
    return new Launcher(shell, folder, onLost);
  }

  /** @param code see Starter. @throws {Error} when the launcher is lost. */
  start(code: string): Promise<Launched> {
    return this.during(async () => {
      const launched = await this.starter.start(code);
      void this.during(() => launched.ended).catch(() => {});
      return launched;
    });
  }

  /** A pair of pipes, for other ends than a program's output. */
  takePipes(): Promise<number> {
    return this.during(() => this.pipes.take());
  }

  /** To be ended when this process is gone, whoever started it. */
  keep(group: number): void {
    this.starter.keep(group);
  }

  /** Nothing of the group is left. */
  drop(group: number): void {
    this.starter.drop(group);
  }

  close(): void {
    this.shell.stdin.end();
  }

  /** While something is awaited from it, and only then, this process stays alive for it. */
  private async during<T>(work: () => Promise<T>): Promise<T> {
    const reports = this.shell.stdout as Socket;
    if (++this.holders === 1) reports.ref();
    try {
      return await work();
    } finally {
      if (--this.holders === 0) reports.unref();
    }
  }

  private hear(words: string[]): void {
    if (words[0] === '=') this.pipes.made(Number(words[1]));
    else this.starter.hear(words);
  }

  private lose(): void {
    const lost = new Error('the process that starts commands was ended from outside');
    this.starter.lose(lost);
    this.pipes.lose(lost);
    this.onLost();
  }
}

/** One launcher at a time; a lost one is followed by another. */
export class Launchers {
  private launcher: Promise<Launcher> | undefined;

  constructor(private readonly options: Omit<LauncherOptions, 'onLost'>) {}

  current(): Promise<Launcher> {
    this.launcher ??= Launcher.begin({
      ...this.options,
      onLost: () => {
        this.launcher = undefined;
      },
    });
    return this.launcher;
  }

  /** Nothing may be running. */
  async close(): Promise<void> {
    const launcher = await this.launcher?.catch(() => undefined);
    launcher?.close();
  }
}
