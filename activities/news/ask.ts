/** One question to NewsAPI: what it answered, as far as it may. Redirects are not followed: the key stays here. */
import { isNativeError } from 'node:util/types';
import { MayPass } from '../platform/resilience.js';
import { NewsUnavailable } from './errors.js';

/** Of one answer; five articles have far less. Bytes. */
const MAX_ANSWER_BYTES = 1_048_576;
const HELP = 'Check SLIPWAY_NEWS_URL and the key in SLIPWAY_NEWS_KEY_FILE.';
const NEVER_MS = Number.POSITIVE_INFINITY;

/**
 * The document of a 200. Repeatable.
 *
 * @throws {MayPass} it could not be reached, has too much to do, is broken, or says far too much.
 * @throws {NewsUnavailable} it says no: trying again does not help.
 */
export async function askNews(url: URL, key: string, signal: AbortSignal): Promise<unknown> {
  const headers = { 'x-api-key': key, accept: 'application/json', 'user-agent': 'slipway' };
  const response = await fetch(url, { headers, signal, redirect: 'manual' }).catch((error) => {
    throw passing(`cannot be reached: ${wordsOf(error)}`, error);
  });
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel().catch(() => undefined);
    if (status === 429 || status >= 500) {
      const retryAfterMs = waitOf(response.headers.get('retry-after'));
      throw new MayPass(`NewsAPI answered ${status}`, { retryAfterMs });
    }
    throw new NewsUnavailable(`NewsAPI answered ${status}`, HELP);
  }
  const text = await textOf(response);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw passing('answered something that is not JSON', error);
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw passing(`broke off its answer: ${wordsOf(error)}`, error);
  }
  if (bytes <= MAX_ANSWER_BYTES) return Buffer.concat(chunks).toString('utf8');
  const message = `NewsAPI answered more than ${MAX_ANSWER_BYTES} bytes`;
  throw new MayPass(message, { retryAfterMs: NEVER_MS });
}

/** `Retry-After` in seconds or as a date; undefined when it says neither. Milliseconds. */
function waitOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function passing(what: string, cause: unknown): MayPass {
  return new MayPass(`NewsAPI ${what}`, { cause });
}

/** `fetch` hides the reason in the cause. */
function wordsOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  return isNativeError(error.cause) ? error.cause.message : error.message;
}
