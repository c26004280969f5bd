/** One HTTP request, and whether the answer is what was expected. Redirects are answers, not followed. */
import type { HttpCheck } from '../../workflows/pipeline/plan.js';
import { type Check, excerpt, isOfStage, type Seen, urlOf, within } from './check.js';
import { ask, type HttpAnswer } from './http.request.js';
import type { Reach } from './reach.js';

type Expected = NonNullable<HttpCheck['expect']>;

/** @throws {BadUrl} */
export function httpCheck(check: HttpCheck, base: string | null, reach: Reach): Check {
  const { method = 'GET', headers = {}, body, expect = {} } = check;
  const url = urlOf(check.url, base, ['http:', 'https:']);
  const lookup = reach.to(url, base);
  return {
    label: `${method} ${check.url}`,
    attempt: (signal) =>
      within({ signal, isOwn: isOfStage(url, base) }, async (limited) =>
        judge(await ask(url, { method, headers, body, lookup, signal: limited }), expect),
      ),
  };
}

function judge({ status, text, isCut }: HttpAnswer, expected: Expected): Seen {
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
