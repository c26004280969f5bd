/** Named pipes in pairs, through which the output of programs comes that another process starts. */
import { constants, open, rm } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openFile = promisify(open);

/** Pairs that are made at once; there are never many more than programs at once. */
const PIPES_AT_ONCE = 16;

export class Pipes {
  private readonly free: number[] = [];
  private readonly waiting: PromiseWithResolvers<number>[] = [];
  /** Pairs asked for so far, and those of them that have not come yet. */
  private asked = 0;
  private coming = 0;

  /** @param make makes the pairs of these numbers soon, and says so to `made`. */
  constructor(
    readonly folder: string,
    private readonly make: (first: number, last: number) => void,
  ) {}

  /** A pair that nobody holds. @throws {Error} when no more can be made. */
  take(): Promise<number> {
    const known = this.free.pop();
    if (known !== undefined) return Promise.resolve(known);
    const wish = Promise.withResolvers<number>();
    this.waiting.push(wish);
    if (this.coming < this.waiting.length) {
      this.make(this.asked, this.asked + PIPES_AT_ONCE - 1);
      this.asked += PIPES_AT_ONCE;
      this.coming += PIPES_AT_ONCE;
    }
    return wish.promise;
  }

  made(last: number): void {
    this.coming -= PIPES_AT_ONCE;
    for (let pair = last - PIPES_AT_ONCE + 1; pair <= last; pair++) this.release(pair);
  }

  pathOf(pair: number, end: 'out' | 'err'): string {
    return join(this.folder, `${pair}.${end}`);
  }

  /** Not blocking: a pipe that nobody writes to yet would hold a thread. */
  async read(pair: number, end: 'out' | 'err'): Promise<Socket> {
    const fd = await openFile(this.pathOf(pair, end), constants.O_RDONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: true, writable: false });
  }

  /** For writing: its reader sees the end when the socket is closed, or this process dies. */
  async write(pair: number): Promise<Socket> {
    const fd = await openFile(this.pathOf(pair, 'out'), constants.O_RDWR | constants.O_NONBLOCK);
    return new Socket({ fd, readable: false, writable: true });
  }

  /** Once both have ended, nobody holds them; a pair that somebody may still hold is not used again. */
  giveBack(pair: number, sockets: Socket[]): void {
    let ended = 0;
    for (const socket of sockets) {
      socket.once('end', () => ++ended === sockets.length && this.release(pair));
      socket.once('close', () => {
        if (!socket.readableEnded) this.remove(pair);
      });
    }
  }

  remove(pair: number): void {
    for (const end of ['out', 'err'] as const)
      rm(this.pathOf(pair, end), { force: true }, () => {});
  }

  /** Nobody makes any more. */
  lose(reason: Error): void {
    for (const wish of this.waiting.splice(0)) wish.reject(reason);
    rm(this.folder, { recursive: true, force: true }, () => {});
  }

  private release(pair: number): void {
    const next = this.waiting.shift();
    if (next) next.resolve(pair);
    else this.free.push(pair);
  }
}
