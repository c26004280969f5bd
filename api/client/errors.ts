/** What can go wrong between a client and the API. */
import { Problem } from './wire.js';

/** The API answered, and the answer is not what was asked for. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(
    readonly status: number,
    readonly problem: Problem,
    /** The API's own wish, seconds; undefined when it has none. */
    readonly retryAfterSeconds?: number,
  ) {
    super([problem.detail, problem.help].filter(Boolean).join(' '));
  }
}

/** Nobody answered, or the answer was cut off. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  constructor(url: string, cause: unknown) {
    super(`${url} cannot be reached: ${words(cause)}. Is the stack running?`, { cause });
  }
}

/** Reads a refusal; an answer that is no problem document (a proxy's page) becomes one. */
export async function toProblem(response: Response): Promise<ApiProblem> {
  const text = await response.text().catch(() => '');
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const wish = Number.isFinite(retryAfter) ? retryAfter : undefined;
  return new ApiProblem(response.status, parse(text) ?? unknownProblem(response, text), wish);
}

function parse(text: string): Problem | undefined {
  try {
    return Problem.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function unknownProblem(response: Response, text: string): Problem {
  return {
    type: 'about:blank',
    title: response.statusText || 'Unexpected answer',
    status: response.status,
    detail: `the answer was ${response.status}: ${text.slice(0, 200) || 'no text'}`,
  };
}

function words(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
