/** Fetching a file into its part: resumed where it broke off, and begun again when it is another file. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { wordsOf } from '../platform/errors.js';
import type { Part } from './part.js';
import { ChecksumMismatch, PullRefused, SourceLost, SourceRefused } from './pull.errors.js';
import { ask, type Hub, type Reply } from './request.js';
import type { Source } from './source.js';

export interface FetchLimits {
  /** Of one file. Bytes. */
  maxBytes: number;
  /** Left free on the disk. Bytes. */
  reserveBytes: number;
  /** A source that sends nothing for so long has broken off, milliseconds. */
  idleMs: number;
  /** Attempts in a row that bring nothing. */
  attempts: number;
  firstPauseMs: number;
  longestPauseMs: number;
}

export const FETCH_LIMITS: FetchLimits = {
  maxBytes: 1_099_511_627_776, // 1 TiB
  reserveBytes: 1_073_741_824, // 1 GiB
  idleMs: 60_000,
  attempts: 8,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
};

export interface Fetching {
  part: Part;
  source: Source;
  hub: Hub;
  limits: FetchLimits;
  signal: AbortSignal;
}

/**
 * Returns when all bytes are in the part. Tries again as long as attempts bring something.
 *
 * @throws {SourceRefused} {SourceLost} {ChecksumMismatch} {PullRefused}; the signal's reason.
 */
export async function fetchAll(fetching: Fetching): Promise<void> {
  const { part, limits, signal } = fetching;
  await part.settle();
  for (let fruitless = 0; ; ) {
    const before = part.state.bytes;
    const lost = await fetchOnce(fetching).catch((error: unknown) => {
      signal.throwIfAborted();
      if (error instanceof SourceLost) return error;
      throw error;
    });
    if (lost === undefined) return;
    fruitless = part.state.bytes > before ? 0 : fruitless + 1;
    if (fruitless >= limits.attempts) throw lost;
    const most = Math.min(limits.firstPauseMs * 2 ** fruitless, limits.longestPauseMs);
    await wait(most * (0.5 + Math.random() / 2), undefined, { signal });
  }
}

/** Undefined when the part is whole; else what to say when no further attempt helps. */
async function fetchOnce(fetching: Fetching): Promise<SourceLost | undefined> {
  const { part, source, hub, signal } = fetching;
  const { bytes, validator } = part.state;
  const resumes = bytes > 0 && validator !== null;
  if (bytes > 0 && !resumes) await part.empty();
  const headers = {
    'accept-encoding': 'identity',
    ...(resumes ? { range: `bytes=${bytes}-`, 'if-range': validator } : {}),
  };
  const reply = await ask(source, headers, { hub, signal });
  const { response } = reply;
  const range = rangeOf(response);
  const isOther = !(await isExpected(fetching, reply));
  const isAll = response.status === 416 && range?.total === part.state.bytes;
  const isElsewhere = response.status === 206 && range?.from !== part.state.bytes;
  if (isOther || isElsewhere || response.status === 416) {
    await response.body?.cancel();
    if (isAll && !isOther) return undefined;
    await part.empty();
    return new SourceLost(`${source.shown} is another file each time`, 'Look at the source.');
  }
  if (response.status !== 206 && part.state.bytes > 0) await part.empty();
  const totalBytes = range?.total ?? lengthOf(response);
  await demandRoom(fetching, totalBytes);
  await part.save({ totalBytes, validator: validatorOf(response) });
  await bring(fetching, response);
  if (totalBytes === null || part.state.bytes === totalBytes) return undefined;
  return new SourceLost(`${source.shown} broke off`, 'Pull again: what came is kept.');
}

/** False when the source says another checksum than before: what is here is of another file. */
async function isExpected({ part }: Fetching, { sha256, response }: Reply): Promise<boolean> {
  const { sha256: wanted, linked, bytes } = part.state;
  if (sha256 === undefined || sha256 === linked) return true;
  if (wanted !== null && wanted !== sha256) {
    await response.body?.cancel();
    throw new ChecksumMismatch(wanted, sha256);
  }
  await part.save({ linked: sha256 });
  return linked === null || bytes === 0;
}

async function demandRoom({ part, limits }: Fetching, totalBytes: number | null): Promise<void> {
  if (totalBytes === null) return;
  if (totalBytes > limits.maxBytes) throw tooLarge(limits);
  const { bavail, bsize } = await statfs(dirname(part.path));
  const missing = totalBytes - part.state.bytes + limits.reserveBytes - bavail * bsize;
  if (missing > 0) {
    const message = `the disk has too little room: ${Math.ceil(missing / 1e6)} MB are missing`;
    throw new PullRefused('disk-full', message, 'Make room below SLIPWAY_HOME, then pull again.');
  }
}

async function bring(fetching: Fetching, response: Response): Promise<void> {
  const { part, limits, source, signal } = fetching;
  if (response.body === null) return;
  try {
    await part.append(unlessIdle(response.body, limits.idleMs), {
      most: part.state.totalBytes ?? limits.maxBytes,
      tooMuch: () => tooLarge(limits),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceRefused || isOfDisk(error)) throw error;
    const why = wordsOf(error instanceof Error ? (error.cause ?? error) : error);
    throw new SourceLost(`${source.shown} broke off: ${why}`, 'Pull again: what came is kept.');
  }
}

async function* unlessIdle(body: ReadableStream<Uint8Array>, idleMs: number) {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read(), idleMs);
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`nothing came for ${limitMs / 1_000} s`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function rangeOf(response: Response): { from: number | undefined; total: number } | undefined {
  const said = response.headers.get('content-range') ?? '';
  const [, from, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(said) ?? [];
  if (total === undefined) return undefined;
  return { from: from === undefined ? undefined : Number(from), total: Number(total) };
}

function lengthOf(response: Response): number | null {
  const said = response.headers.get('content-length');
  return said !== null && /^\d{1,15}$/.test(said) ? Number(said) : null;
}

/** A weak ETag promises nothing about bytes. */
function validatorOf({ headers }: Response): string | null {
  const etag = headers.get('etag');
  return etag !== null && !etag.startsWith('W/') ? etag : headers.get('last-modified');
}

function tooLarge({ maxBytes }: FetchLimits): SourceRefused {
  const message = `the file has more than ${maxBytes} bytes`;
  return new SourceRefused(message, 'Take a smaller quantisation.');
}

function isOfDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
}
