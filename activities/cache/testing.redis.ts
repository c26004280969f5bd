/** A real Redis for one test file, on a free loopback port. `npm test` installs it where it can. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export class TestRedis {
  private child: ChildProcess | undefined;

  private constructor(private readonly port: number) {}

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await freePort());
    await redis.begin();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Resolves when it takes connections; again after `kill`, with nothing in it. */
  async begin(): Promise<void> {
    const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'];
    const child = spawn('redis-server', ['--port', String(this.port), ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child = child;
    const missing = once(child, 'error').then(([error]) => {
      throw new Error('install redis-server: these tests need it', { cause: error });
    });
    const ready = (async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        if (line.includes('Ready to accept connections')) return;
      }
      throw new Error('redis-server ended before it was ready');
    })();
    await Promise.race([ready, missing]);
    child.stdout.resume();
  }

  /** As a crash. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Stands still: takes connections, and answers nothing. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
