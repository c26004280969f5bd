// What several figures need: workers on a list, waiting with a limit, and a spread in three rows.
import { setTimeout as wait } from 'node:timers/promises';

/** Rows of the report: the middle, the 95th of a hundred, and the worst. */
export function spread(name, unit, samples, { goal } = {}) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [
    { name: `${name}, p50`, unit, samples: [at(0.5)] },
    { name: `${name}, p95`, unit, samples: [at(0.95)], ...(goal === undefined ? {} : { goal }) },
    { name: `${name}, worst`, unit, samples: [at(1)] },
  ];
}

/** Does `work` for 0 … count-1, so many at a time. */
export async function atOnce(width, count, work) {
  let next = 0;
  const one = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, one));
}

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Asks until the answer is something, or the time is up. */
export async function eventually(what, limitMs, probe, everyMs = 100) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs / 1_000} s`);
    await wait(everyMs);
  }
}

/** A number given as `--name N`, else its default. */
export function size(name, fallback, args = process.argv) {
  const at = args.indexOf(`--${name}`);
  const given = Number(args[at + 1]);
  return at === -1 || !Number.isInteger(given) || given < 1 ? fallback : given;
}

/** How many runs of a repository have each status; over every page. */
export async function statuses(stack, repository) {
  const found = {};
  let cursor;
  do {
    const page = await stack.client.runs.list({
      repository,
      limit: 200,
      ...(cursor && { cursor }),
    });
    for (const { status } of page.items) found[status] = (found[status] ?? 0) + 1;
    cursor = page.next;
  } while (cursor);
  return found;
}
