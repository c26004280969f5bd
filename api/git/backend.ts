/** One request served by the real `git http-backend`, streamed both ways. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { HEADERS } from '../platform/headers.js';
import { type CgiHead, parseHead } from './cgi.js';

const MAX_ERROR_CHARS = 4_000;

export interface BackendRequest {
  env: NodeJS.ProcessEnv;
  body: Readable;
  response: ServerResponse;
  maxBodyBytes: number;
  /** The longest that the backend may run, milliseconds. */
  limitMs: number;
  /** Ends the backend. */
  signal: AbortSignal;
  /** Of a push: the line to its hooks. A push also goes on when the client leaves. */
  hooks?: (line: Duplex) => void;
}

export interface BackendEnd {
  /** `tooLarge`: nothing was answered yet. `broken`: git was ended, or ended without an answer. */
  how: 'answered' | 'tooLarge' | 'broken';
  /** True when git ended by itself: nothing that it started still runs. */
  byItself: boolean;
  /** The end of what git said about itself. */
  stderr: string;
}

/** Resolves when git has ended and the answer was handed over, or the client is gone. */
export async function serve(request: BackendRequest): Promise<BackendEnd> {
  const { env, body, response, maxBodyBytes, limitMs, signal, hooks } = request;
  const child = spawn('git', ['http-backend'], {
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', hooks ? 'pipe' : 'ignore'],
  });
  const ended = end(child);
  ended.catch(() => undefined); // Looked at below, when there is nothing left to read.
  const kill = () => killGroup(child);
  const timer = setTimeout(kill, limitMs);
  signal.addEventListener('abort', kill, { once: true });
  const left = () => {
    if (!hooks && !response.writableFinished) killGroup(child);
  };
  response.once('close', left);
  if (hooks) hooks(child.stdio[3] as Duplex);
  let stderr = '';
  child.stderr?.on('data', (part: Buffer) => {
    stderr = (stderr + part.toString()).slice(-MAX_ERROR_CHARS);
  });
  let tooLarge = false;
  send(body, child, maxBodyBytes).catch((error: unknown) => {
    tooLarge = error instanceof TooLarge;
    // Git begins its answer before it has read the question: half of one must not look whole.
    if (tooLarge && !hooks && response.headersSent) response.destroy();
    if (tooLarge || !hooks) killGroup(child);
  });
  try {
    const isAnswered = await answer(child.stdout as Readable, response);
    const byItself = await ended;
    if (tooLarge) return { how: 'tooLarge', byItself, stderr };
    return { how: isAnswered ? 'answered' : 'broken', byItself, stderr };
  } finally {
    clearTimeout(timer);
    response.off('close', left);
    signal.removeEventListener('abort', kill);
    killGroup(child);
  }
}

class TooLarge extends Error {}

/** Leaves the body open where it stops: its connection still has to carry the answer. */
async function send(body: Readable, child: ChildProcess, maxBytes: number): Promise<void> {
  const input = child.stdin as Writable;
  // Git may have answered without reading to the end.
  input.on('error', () => undefined);
  let bytes = 0;
  try {
    for await (const part of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxBytes) throw new TooLarge();
      await write(input, part);
    }
  } finally {
    // Also of a body that was cut off: git refuses what is not whole.
    input.end();
  }
}

/** Whether there was an answer. Reads to the end also when nobody listens: git must not be held up. */
async function answer(output: Readable, response: ServerResponse): Promise<boolean> {
  let waiting = Buffer.alloc(0);
  let head: CgiHead | undefined;
  for await (const part of output as AsyncIterable<Buffer>) {
    if (head) {
      await write(response, part);
      continue;
    }
    waiting = Buffer.concat([waiting, part]);
    head = parseHead(waiting);
    if (!head || response.destroyed) continue;
    response.writeHead(head.status, { ...HEADERS, ...head.headers });
    response.flushHeaders();
    await write(response, head.rest);
  }
  if (head && !response.destroyed) response.end();
  return head !== undefined;
}

/** Waits until there is room again, or nobody is there any more. */
async function write(to: Writable, part: Buffer): Promise<void> {
  if (to.destroyed || part.length === 0 || to.write(part)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      to.off('drain', done);
      to.off('close', done);
      resolve();
    };
    to.once('drain', done);
    to.once('close', done);
  });
}

function end(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}

/** Git and all that it started; they share a process group, which has the first one's id. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
