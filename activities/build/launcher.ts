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
import { constants, open, rm } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { Exit, Program } from './build.ports.js';
import { LAUNCHER, startCode } from './launcher.program.js';

const openFile = promisify(open);

/** Pairs of pipes that are made at once; there are never many more than programs at once. */
const PIPES_AT_ONCE = 16;

export interface Launched {
  /** Process group, and pid of the program. */
  group: number;
  stdout: Socket;
  stderr: Socket;
  /** Rejects when the launcher is lost: how the program ended cannot be known then. */
  ended: Promise<Exit>;
}

interface Running {
  began: PromiseWithResolvers<number>;
  ended: PromiseWithResolvers<Exit>;
}

export class Launcher {
  private readonly running = new Map<number, Running>();
  private readonly free: number[] = [];
  private readonly waiting: PromiseWithResolvers<number>[] = [];
  /** Pairs asked for so far, and those of them that have not come yet. */
  private asked = 0;
  private coming = 0;
  private started = 0;
  private holders = 0;

  private constructor(
    private readonly shell: ChildProcessByStdio<Writable, Readable, null>,
    private readonly folder: string,
    private readonly onLost: () => void,
  ) {
    const reports = createInterface({ input: shell.stdout });
    reports.on('line', (line) => this.hear(line.split(' ')));
    shell.stdin.on('error', () => {}); // `exit` follows.
    shell.once('error', () => this.lose()).once('exit', () => this.lose());
    for (const each of [shell, shell.stdin, shell.stdout] as unknown as Socket[]) each.unref();
  }

  /** @param onLost called once, when this launcher can start no more. */
  static async begin(bash: string, onLost: () => void): Promise<Launcher> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-pipes-'));
    const shell = spawn(bash, ['--norc', '--noprofile', '-c', LAUNCHER, bash, folder], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: folder,
      env: {},
      detached: true,
    });
    return new Launcher(shell, folder, onLost);
  }

  /** @throws {Error} when the launcher is lost. */
  async start(program: Program): Promise<Launched> {
    this.hold(1);
    try {
      const launched = await this.launch(program);
      const release = () => this.hold(-1);
      launched.ended.then(release, release);
      return launched;
    } catch (error) {
      this.hold(-1);
      throw error;
    }
  }

  private async launch({ argv, folder, env }: Program): Promise<Launched> {
    const pipes = await this.takePipes();
    const [stdout, stderr] = await Promise.all([this.read(pipes, 'out'), this.read(pipes, 'err')]);
    const id = ++this.started;
    const began = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<Exit>();
    ended.promise.catch(() => {}); // Whoever waits for it hears of it.
    this.running.set(id, { began, ended });
    const code = startCode(argv, folder, env);
    this.ask(`start ${id} ${pipes} ${Buffer.byteLength(code)}\n${code}`);
    try {
      const group = await began.promise;
      this.ask(`keep ${group}\n`);
      this.giveBack(pipes, [stdout, stderr]);
      return { group, stdout, stderr, ended: ended.promise };
    } catch (error) {
      stdout.destroy();
      stderr.destroy();
      throw error;
    }
  }

  /** While something runs, and only then, this process stays alive for it. */
  private hold(change: 1 | -1): void {
    this.holders += change;
    const reports = this.shell.stdout as Socket;
    if (this.holders > 0) reports.ref();
    else reports.unref();
  }

  /** Nothing of the group is left. */
  drop(group: number): void {
    this.ask(`drop ${group}\n`);
  }

  close(): void {
    this.shell.stdin.end();
  }

  private ask(request: string): void {
    this.shell.stdin.write(request);
  }

  private hear([what, first, second]: string[]): void {
    const id = Number(first);
    if (what === '+') {
      this.running.get(id)?.began.resolve(Number(second));
    } else if (what === '-') {
      this.running.get(id)?.ended.resolve({ exitCode: Number(second), signal: null });
      this.running.delete(id);
    } else if (what === '=') {
      this.coming -= PIPES_AT_ONCE;
      for (let pipes = id - PIPES_AT_ONCE + 1; pipes <= id; pipes++) this.release(pipes);
    }
  }

  private lose(): void {
    const lost = new Error('the process that starts commands was ended from outside');
    for (const { began, ended } of this.running.values()) {
      began.reject(lost);
      ended.reject(lost);
    }
    this.running.clear();
    for (const wish of this.waiting.splice(0)) wish.reject(lost);
    rm(this.folder, { recursive: true, force: true }, () => {});
    this.onLost();
  }

  private takePipes(): Promise<number> {
    const known = this.free.pop();
    if (known !== undefined) return Promise.resolve(known);
    const wish = Promise.withResolvers<number>();
    this.waiting.push(wish);
    if (this.coming < this.waiting.length) {
      this.ask(`pipes ${this.asked} ${this.asked + PIPES_AT_ONCE - 1}\n`);
      this.asked += PIPES_AT_ONCE;
      this.coming += PIPES_AT_ONCE;
    }
    return wish.promise;
  }

  private release(pipes: number): void {
    const next = this.waiting.shift();
    if (next) next.resolve(pipes);
    else this.free.push(pipes);
  }

  /** Not blocking: a pipe that nobody writes to yet would hold a thread. */
  private async read(pipes: number, end: 'out' | 'err'): Promise<Socket> {
    const path = join(this.folder, `${pipes}.${end}`);
    const fd = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: true, writable: false });
  }

  /** Once both have ended, nobody holds them; a pair that somebody may still hold is not used again. */
  private giveBack(pipes: number, sockets: Socket[]): void {
    let ended = 0;
    for (const socket of sockets) {
      socket.once('end', () => ++ended === sockets.length && this.release(pipes));
      socket.once('close', () => {
        if (!socket.readableEnded) this.remove(pipes);
      });
    }
  }

  private remove(pipes: number): void {
    for (const end of ['out', 'err']) {
      rm(join(this.folder, `${pipes}.${end}`), { force: true }, () => {});
    }
  }
}
