/** Asks a small bash to start programs, and hears how they end. What the launcher and cells share. */
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Exit } from './build.ports.js';
import type { Pipes } from './pipes.js';

export interface Launched {
  /** Process group, and pid of the program. */
  group: number;
  stdout: Socket;
  stderr: Socket;
  /** Rejects when the one who started it is lost: how the program ended cannot be known then. */
  ended: Promise<Exit>;
}

interface Running {
  began: PromiseWithResolvers<number>;
  ended: PromiseWithResolvers<Exit>;
}

export class Starter {
  private readonly running = new Map<number, Running>();
  private started = 0;
  private lost: Error | undefined;

  constructor(
    private readonly input: Writable,
    private readonly pipes: Pipes,
  ) {}

  /** @param code of a shell, that becomes the program. @throws {Error} when the bash is lost. */
  async start(code: string): Promise<Launched> {
    const pair = await this.pipes.take();
    const [stdout, stderr] = await Promise.all([
      this.pipes.read(pair, 'out'),
      this.pipes.read(pair, 'err'),
    ]);
    try {
      const { began, ended } = this.ask(pair, code);
      const group = await began.promise;
      this.keep(group);
      this.pipes.giveBack(pair, [stdout, stderr]);
      return { group, stdout, stderr, ended: ended.promise };
    } catch (error) {
      stdout.destroy();
      stderr.destroy();
      throw error;
    }
  }

  /** To be ended when this process is gone. */
  keep(group: number): void {
    this.input.write(`keep ${group}\n`);
  }

  /** Nothing of the group is left. */
  drop(group: number): void {
    this.input.write(`drop ${group}\n`);
  }

  /** `+ ID GROUP` or `- ID STATUS`. */
  hear([what, id, value]: string[]): void {
    const running = this.running.get(Number(id));
    if (what === '+') {
      running?.began.resolve(Number(value));
    } else if (what === '-') {
      running?.ended.resolve({ exitCode: Number(value), signal: null });
      this.running.delete(Number(id));
    }
  }

  lose(reason: Error): void {
    this.lost = reason;
    for (const { began, ended } of this.running.values()) {
      began.reject(reason);
      ended.reject(reason);
    }
    this.running.clear();
  }

  private ask(pair: number, code: string): Running {
    if (this.lost) throw this.lost;
    const id = ++this.started;
    const began = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<Exit>();
    ended.promise.catch(() => {}); // Whoever waits for it hears of it.
    this.running.set(id, { began, ended });
    this.input.write(`start ${id} ${pair} ${Buffer.byteLength(code)}\n${code}`);
    return { began, ended };
  }
}
