// What the processes of a stack take: memory (shared pages once), processor time, Temporal's file.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** In the order of the report; the first pattern that fits a command line names the process. */
const PARTS = [
  ['worker', /activities\/worker\/main\.js/],
  ['reconciler', /dist\/reconciler\.js/],
  ['api', /dist\/api\.js/],
  ['supervisor', /dist\/api\/dev\/main\.js|start\.mjs/],
  ['temporal', /temporal(?:\S*)? server start-dev|server\0start-dev/],
  ['postgres', /postgres/],
];
/** Of the kernel's clock; every Linux that we know has 100. */
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 500;

/** Megabytes by part. */
export async function memory(stack) {
  const found = {};
  for (const pid of await stack.pids()) {
    const part = partOf(pid);
    const kilobytes = read(pid, 'smaps_rollup').match(/^Pss:\s+(\d+)/m)?.[1];
    if (part && kilobytes) found[part] = (found[part] ?? 0) + Number(kilobytes) / 1_024;
  }
  return found;
}

/** Seconds of processor time by part, since each process began. */
export async function processorSeconds(stack) {
  const found = {};
  for (const pid of await stack.pids()) {
    const part = partOf(pid);
    const fields = read(pid, 'stat').split(') ')[1]?.split(' ');
    if (!part || !fields) continue;
    found[part] = (found[part] ?? 0) + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }
  return found;
}

/** Watches memory beside some work: `peak()` ends the watching and returns the highest by part. */
export function watchMemory(stack) {
  const highest = {};
  let looking = Promise.resolve();
  const look = () => {
    looking = looking
      .then(() => memory(stack))
      .then((now) => {
        for (const [part, mb] of Object.entries(now)) {
          highest[part] = Math.max(highest[part] ?? 0, mb);
        }
      });
  };
  look();
  const timer = setInterval(look, SAMPLE_MS);
  return {
    peak: async () => {
      clearInterval(timer);
      look();
      await looking;
      return highest;
    },
  };
}

/** Rows for the report: before, at its highest, after. */
export function memoryRows(what, { before, highest, after }) {
  return ['api', 'worker', 'temporal', 'postgres'].flatMap((part) => [
    row(`${what}: ${part} before`, before[part]),
    ...(highest ? [row(`${what}: ${part} at its highest`, highest[part])] : []),
    row(`${what}: ${part} after`, after[part]),
  ]);
}

/** Rows for the report: processor time between two looks, divided by how often something was done. */
export function processorRows(what, { before, after, count }) {
  return ['api', 'worker', 'temporal', 'postgres'].map((part) => ({
    name: `${what}: ${part}, processor time each`,
    unit: 'ms',
    samples: [(((after[part] ?? 0) - (before[part] ?? 0)) * 1_000) / count],
  }));
}

/** Temporal's file with its log, megabytes. */
export function temporalFile(stack) {
  const size = (name) => statSync(join(stack.home, name), { throwIfNoEntry: false })?.size ?? 0;
  return (size('temporal.db') + size('temporal.db-wal')) / 1_048_576;
}

function row(name, mb = 0) {
  return { name, unit: 'MB', samples: [mb] };
}

function partOf(pid) {
  const line = read(pid, 'cmdline');
  return PARTS.find(([, pattern]) => pattern.test(line))?.[0];
}

/** Empty when the process ended meanwhile. */
function read(pid, file) {
  try {
    return readFileSync(join('/proc', String(pid), file), 'utf8');
  } catch {
    return '';
  }
}
