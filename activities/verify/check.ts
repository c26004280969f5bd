/** One check of what a stage serves: how it is named, and what trying it once showed. */
import { oneLine } from '../platform/one-line.js';

/** A check that can be tried again and again. */
export interface Check {
  /** For the log and the reason: `GET /health`. */
  label: string;
  /**
   * Tries once. "No" is a value, also when nothing answers. Rejects only when `signal` is aborted,
   * and with a BadUrl when the address turns out to be one that no try may ask.
   */
  attempt(signal: AbortSignal): Promise<Seen>;
}

export interface Seen {
  /** What came, for the log: `200`. */
  what: string;
  /** What was expected and what came instead; absent means yes. */
  no?: string;
  /** Nobody listens at the stage's own address, which is ours: that says nothing about the release. */
  isAway?: true;
}

/** One try, milliseconds. */
export const TRY_LIMIT_MS = 10_000;
/** What is read of one answer, bytes. */
export const BODY_LIMIT_BYTES = 1_048_576;
const EXCERPT_CHARS = 200;

/** Text from outside, quoted, at most 200 characters. */
export function excerpt(text: string): string {
  return `"${oneLine(text, EXCERPT_CHARS)}"`;
}

export class BadUrl extends Error {
  override readonly name = 'BadUrl';
}

/**
 * @param given a path on `base`, or an absolute URL.
 * @throws {BadUrl} that says what to write instead.
 */
export function urlOf(given: string, base: string | null, schemes: readonly string[]): URL {
  const isPath = given.startsWith('/');
  if (isPath && base === null) {
    throw new BadUrl(`"${given}" is a path, but the step names no stage; add "stage"`);
  }
  const url = URL.parse(isPath ? `${base?.replace(/\/+$/, '')}${given}` : given);
  if (url === null || (!isPath && !schemes.includes(url.protocol))) {
    throw new BadUrl(
      `"${given}" is neither a path like "/health" nor a URL of ${schemes.join(' or ')}//`,
    );
  }
  if (url.username || url.password) {
    throw new BadUrl(`a URL of ${url.host} holds a user name or password; use headers instead`);
  }
  return url;
}

/** Whether a URL means the stage itself: its port is kept open by the target, not by the release. */
export function isOfStage(url: URL, base: string | null): boolean {
  return base !== null && URL.parse(base)?.host === url.host;
}

/** What a connection says when the process behind it is gone. */
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET']);

/** Turns a try's own time limit into "no", and lets the step's end pass. */
export async function within(
  { signal, isOwn }: { signal: AbortSignal; isOwn: boolean },
  attempt: (limited: AbortSignal) => Promise<Seen>,
): Promise<Seen> {
  const limit = AbortSignal.timeout(TRY_LIMIT_MS);
  try {
    return await attempt(AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BadUrl) throw error;
    const seconds = TRY_LIMIT_MS / 1_000;
    if (limit.aborted) return { what: 'no answer', no: `got no answer within ${seconds} s` };
    const why = oneLine(deepest(error), EXCERPT_CHARS);
    const isAway = isOwn && AWAY.has((error as NodeJS.ErrnoException).code ?? '');
    return { what: 'no answer', no: `got no answer: ${why}`, ...(isAway && { isAway }) };
  }
}

/** `fetch failed` says nothing; its cause does. */
function deepest(error: unknown): string {
  const { message, cause, errors } = error as Partial<AggregateError>;
  if (cause !== undefined) return deepest(cause);
  if (Array.isArray(errors) && errors.length > 0) return errors.map((e) => deepest(e)).join('; ');
  return message ?? String(error);
}
