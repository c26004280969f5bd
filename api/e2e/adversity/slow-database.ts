/** A PostgreSQL of a scenario's own behind a line that can be slow, or dead. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Started, start } from '../harness/process.js';

/** Runs in the compiled project: scenarios know no part of it but the stack. */
const PROGRAM = `
import { startPostgres } from './dist/activities/store/postgres.js';
const [folder, port, log] = process.argv.slice(1);
const server = await startPostgres({ folder, port: Number(port), log });
process.on('SIGTERM', () => server.stop().then(() => process.exit(0)));
console.log('postgres ' + server.pid + ' ' + server.url);
`;

export class SlowDatabase {
  /** Before each piece of data, in both directions. Milliseconds. */
  delayMs = 0;
  private silence: PromiseWithResolvers<void> | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly parts: { folder: string; program: Started; line: Server },
    /** Of the server itself, past the line. */
    readonly direct: URL,
    private readonly pid: number,
  ) {
    parts.line.on('connection', (client) => this.carry(client));
  }

  static async start(): Promise<SlowDatabase> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-slow-'));
    const args = [join(folder, 'postgres'), String(await freePort()), join(folder, 'log')];
    const program = start(process.execPath, ['--input-type=module', '-e', PROGRAM, ...args]);
    const [, pid, url = ''] = await program.says(/^postgres (\d+) (\S+)$/m);
    const line = createServer();
    await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
    return new SlowDatabase({ folder, program, line }, new URL(url), Number(pid));
  }

  /** Of the server behind the line. */
  get url(): string {
    const url = new URL(this.direct);
    url.port = String((this.parts.line.address() as { port: number }).port);
    return url.href;
  }

  /** The server and its children, each of which leads a session of its own. */
  async processes(): Promise<number[]> {
    const children = await readFile(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return [this.pid, ...children.split(' ').filter(Boolean).map(Number)];
  }

  /** From now on connections are taken, and nothing passes, until `speak`. */
  fallSilent(): void {
    this.silence ??= Promise.withResolvers();
  }

  speak(): void {
    this.silence?.resolve();
    this.silence = undefined;
  }

  async end(): Promise<void> {
    this.speak();
    const { program, line, folder } = this.parts;
    for (const socket of this.sockets) socket.destroy();
    line.close();
    program.child.kill('SIGTERM');
    await program.ended;
    await rm(folder, { recursive: true, force: true });
  }

  private carry(client: Socket): void {
    const server = connect(Number(this.direct.port), '127.0.0.1');
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => this.sockets.delete(from));
      void this.pass(from, to);
    }
  }

  private async pass(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const data of from) {
        if (this.delayMs > 0) await wait(this.delayMs);
        await this.silence?.promise;
        to.write(data as Buffer);
      }
    } catch {
      // One of the two has gone; so does the other.
    }
    await this.silence?.promise;
    to.destroy();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
