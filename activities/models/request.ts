/** One question to a source: redirects followed by hand, so that a token goes to nobody else. */
import { readFile } from 'node:fs/promises';
import { wordsOf } from '../platform/errors.js';
import { SourceLost, SourceRefused } from './pull.errors.js';
import type { Source } from './source.js';

export interface Hub {
  /** `https://huggingface.co`, or a server like it. */
  url: string;
  /** File with its token, read for each question. Empty: none. */
  tokenFile: string;
}

export interface Reply {
  response: Response;
  /** What the hub says on its way: the sha256 of the file, hexadecimal. */
  sha256: string | undefined;
}

const MAX_REDIRECTS = 5;
/** Until the head of an answer. Milliseconds. */
const HEAD_LIMIT_MS = 30_000;
/** Statuses that may pass by themselves. */
const PASSING = [408, 425, 429];

/** @throws {SourceRefused} {SourceLost}; the signal's reason. */
export async function ask(
  source: Source,
  headers: Record<string, string>,
  { hub, signal }: { hub: Hub; signal: AbortSignal },
): Promise<Reply> {
  let url = source.url;
  let sha256: string | undefined;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const isHub = source.isHub && url.origin === new URL(hub.url).origin;
    const token = isHub ? await tokenOf(hub.tokenFile) : {};
    const response = await once(url, { ...headers, ...token }, signal);
    sha256 ??= linkedDigest(response, isHub);
    const next = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || next === null) {
      if (response.ok || response.status === 416) return { response, sha256 };
      await response.body?.cancel();
      throw refusal(source, response.status);
    }
    await response.body?.cancel();
    url = target(url, next);
  }
  throw new SourceRefused(`${source.shown} redirects more than ${MAX_REDIRECTS} times`, LOOK);
}

const LOOK = 'Look at the source with a browser, and take the address of the file itself.';

async function once(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), HEAD_LIMIT_MS);
  const ends = AbortSignal.any([signal, late.signal]);
  try {
    return await fetch(url.href, { headers, redirect: 'manual', signal: ends });
  } catch (error) {
    signal.throwIfAborted();
    const why = late.signal.aborted
      ? `no answer within ${HEAD_LIMIT_MS / 1_000} s`
      : wordsOf(error instanceof Error ? (error.cause ?? error) : error);
    throw new SourceLost(`${url.host} cannot be reached: ${why}`, 'Look at the network.');
  } finally {
    clearTimeout(timer);
  }
}

/** @throws {SourceRefused} for what is not fetched from, and for giving up encryption on the way. */
function target(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) {
    throw new SourceRefused(`${from.host} redirects to what is no address`, LOOK);
  }
  const next = new URL(location, from);
  if (!['http:', 'https:'].includes(next.protocol)) {
    throw new SourceRefused(`${from.host} redirects to "${next.protocol}"`, LOOK);
  }
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new SourceRefused(`${from.host} redirects from https to http`, LOOK);
  }
  return next;
}

function linkedDigest(response: Response, isHub: boolean): string | undefined {
  const said = isHub ? response.headers.get('x-linked-etag') : null;
  return said === null ? undefined : /^"?([0-9a-f]{64})"?$/.exec(said)?.[1];
}

function refusal({ shown, isHub }: Source, status: number): Error {
  if (status >= 500 || PASSING.includes(status)) {
    return new SourceLost(`${shown} answered ${status}`, 'Pull again later: what came is kept.');
  }
  if (status === 401 || status === 403) {
    const help = isHub
      ? 'Accept the terms of the model on the hub, and put a token into the file that SLIPWAY_HF_TOKEN_FILE names.'
      : 'Take an address that needs no credentials, such as a signed one.';
    return new SourceRefused(`${shown} answered ${status}: it lets us not in`, help);
  }
  return new SourceRefused(`${shown} answered ${status}`, LOOK);
}

async function tokenOf(file: string): Promise<Record<string, string>> {
  if (file === '') return {};
  const token = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => {
      const help = 'Make the file readable for the API, or unset the variable.';
      throw new SourceRefused('the file of SLIPWAY_HF_TOKEN_FILE cannot be read', help);
    },
  );
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}
