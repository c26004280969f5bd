/** One HTTP request, and whether the answer is what was expected. Redirects are answers, not followed. */
import type { HttpCheck } from '../../workflows/pipeline/plan.js';
import { BODY_LIMIT_BYTES, type Check, excerpt, type Seen, urlOf, within } from './check.js';

type Expected = NonNullable<HttpCheck['expect']>;

/** @throws {BadUrl} */
export function httpCheck(check: HttpCheck, base: string | null): Check {
  const { method = 'GET', headers = {}, body, expect = {} } = check;
  const url = urlOf(check.url, base, ['http:', 'https:']);
  const request: RequestInit = { method, headers, redirect: 'manual' };
  if (body !== undefined) request.body = body;
  return {
    label: `${method} ${check.url}`,
    attempt: (signal) =>
      within(signal, async (limited) => {
        const response = await fetch(url, { ...request, signal: limited });
        return judge(response.status, await textOf(response), expect);
      }),
  };
}

function judge(status: number, { text, isCut }: Body, expected: Expected): Seen {
  const what = String(status);
  const no = (wanted: string, got: string): Seen => ({
    what,
    no: `expected ${wanted}, got ${got}; the body: ${excerpt(text)}`,
  });
  if (expected.status === undefined ? status >= 400 : status !== expected.status) {
    return no(`status ${expected.status ?? 'below 400'}`, what);
  }
  const { contains, json } = expected;
  if (contains !== undefined && !text.includes(contains)) {
    return no(
      `a body with ${excerpt(contains)}`,
      isCut ? 'none in its first 1 MiB' : 'one without',
    );
  }
  if (json === undefined) return { what };
  const fields = isCut ? undefined : objectOf(text);
  if (!fields) return no('a JSON object', isCut ? 'more than 1 MiB' : 'something else');
  for (const [name, value] of Object.entries(json)) {
    const got = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (got !== value) return no(`"${name}" to be ${spoken(value)}`, spoken(got));
  }
  return { what };
}

function spoken(value: unknown): string {
  return value === undefined ? 'nothing' : excerpt(JSON.stringify(value)).slice(1, -1);
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

interface Body {
  text: string;
  isCut: boolean;
}

/** At most BODY_LIMIT_BYTES; the rest is never taken from the network. */
async function textOf(response: Response): Promise<Body> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    size += part.length;
    if (size > BODY_LIMIT_BYTES) break;
  }
  const text = Buffer.concat(parts).subarray(0, BODY_LIMIT_BYTES).toString('utf8');
  return { text, isCut: size > BODY_LIMIT_BYTES };
}
