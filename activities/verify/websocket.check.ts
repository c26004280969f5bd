/** Opens a WebSocket, says something where asked to, and waits for the expected words. */
import { once } from 'node:events';
import { type RawData, WebSocket } from 'ws';
import type { WebSocketCheck } from '../../workflows/pipeline/plan.js';
import {
  BODY_LIMIT_BYTES,
  type Check,
  excerpt,
  isOfStage,
  type Seen,
  TRY_LIMIT_MS,
  urlOf,
  within,
} from './check.js';
import type { Reach } from './reach.js';

/** Messages that one try listens to. */
const MAX_MESSAGES = 1_000;

/** @throws {BadUrl} */
export function webSocketCheck(check: WebSocketCheck, base: string | null, reach: Reach): Check {
  const schemes = ['ws:', 'wss:', 'http:', 'https:'];
  const url = urlOf(check.url, base, schemes);
  const isOwn = isOfStage(url, base);
  url.protocol = url.protocol.replace('http', 'ws');
  const lookup = reach.to(url, base);
  const open = () =>
    new WebSocket(url, {
      handshakeTimeout: TRY_LIMIT_MS,
      maxPayload: BODY_LIMIT_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
      lookup,
    });
  return {
    label: `WebSocket ${check.url}`,
    attempt: (signal) => within({ signal, isOwn }, (limited) => converse(open(), check, limited)),
  };
}

async function converse(
  socket: WebSocket,
  check: WebSocketCheck,
  signal: AbortSignal,
): Promise<Seen> {
  try {
    const heard = check.contains === undefined ? undefined : listen(socket, check.contains, signal);
    heard?.catch(() => {}); // Seen below, once the socket is open.
    await once(socket, 'open', { signal });
    if (check.send !== undefined) socket.send(check.send);
    return heard === undefined ? { what: 'open' } : await heard;
  } finally {
    socket.on('error', () => {}); // Ending a socket that is not open yet is an error of its own.
    socket.terminate();
  }
}

/** Resolves when a message holds `wanted`, or none will. Rejects when the signal is aborted. */
function listen(socket: WebSocket, wanted: string, signal: AbortSignal): Promise<Seen> {
  let messages = 0;
  let bytes = 0;
  let last = '';
  return new Promise((resolve, reject) => {
    const silence = (why: string): void => {
      const heard = messages === 0 ? 'none' : `${messages}, the last: ${excerpt(last)}`;
      const no = `expected a message with ${excerpt(wanted)}, got ${heard} (${why})`;
      resolve({ what: why, no });
    };
    socket.on('message', (data) => {
      last = textOf(data);
      bytes += last.length;
      messages++;
      if (last.includes(wanted)) resolve({ what: `message with ${excerpt(wanted)}` });
      else if (messages >= MAX_MESSAGES || bytes >= BODY_LIMIT_BYTES) silence('too many messages');
    });
    socket.on('close', (code) => silence(`closed with code ${code}`));
    socket.on('error', reject);
    signal.addEventListener('abort', () => {
      const limit = `${TRY_LIMIT_MS / 1_000} s`;
      if (isTimeout(signal.reason)) silence(`after ${limit}`);
      else reject(signal.reason);
    });
  });
}

function isTimeout(reason: unknown): boolean {
  return (reason as Error).name === 'TimeoutError';
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data as Uint8Array<ArrayBuffer>).toString('utf8');
}
