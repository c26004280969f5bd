// Measures every figure and prints them, as a table or with --json as one document. The figures of
// overload take long and are measured only when they are named: all by `--only overload`, or one.
import { cpus, loadavg } from 'node:os';
import { chat } from './chat.mjs';
import { decode } from './decode.mjs';
import { figures } from './figures.mjs';
import { overload } from './overload.mjs';
import { BenchStack } from './stack.mjs';

const args = process.argv.slice(2);
const asJson = args.includes('--json');
const only = args[args.indexOf('--only') + 1]?.split(',');
const isNamed = (...names) => args.includes('--only') && names.some((name) => only?.includes(name));
const chosen = [
  ...Object.entries(figures).filter(([name]) => !args.includes('--only') || isNamed(name)),
  ...Object.entries(chat).filter(([name]) => !args.includes('--only') || isNamed(name, 'chat')),
  ...Object.entries(decode).filter(([name]) => !args.includes('--only') || isNamed(name)),
  ...Object.entries(overload).filter(([name]) => isNamed(name, 'overload')),
];

const load = () => loadavg()[0].toFixed(2);
const before = load();
const results = [];
/** Shared by the figures that ask for one; the others start their own. */
let shared;
try {
  for (const [name, measure] of chosen) {
    process.stderr.write(`  ${name} …\n`);
    try {
      if (measure.length > 0) shared ??= await BenchStack.start();
      for (const figure of await measure(shared)) results.push(summarise(figure));
    } catch (error) {
      console.error(`  ${name} could not be measured:`, error);
      process.exitCode = 1;
    }
  }
} finally {
  await shared?.end();
}
const report = {
  machine: { cores: cpus().length, node: process.version, loadBefore: before, loadAfter: load() },
  figures: results,
};
console.log(asJson ? JSON.stringify(report, null, 2) : table(report));

/** median, and the distance between the quarters as spread. */
function summarise({ name, unit, samples, goal, atLeast = false, note }) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const median = round(at(0.5));
  const met = goal === undefined ? null : atLeast ? median >= goal : median <= goal;
  return {
    name,
    unit,
    samples: samples.map(round),
    median,
    spread: round(at(0.75) - at(0.25)),
    goal: goal ?? null,
    met,
    ...(note ? { note } : {}),
  };
}

function round(value) {
  return Math.round(value * 100) / 100;
}

function table({ machine, figures: rows }) {
  const lines = [
    `${machine.cores} cores, ${machine.node}, load ${machine.loadBefore} before, ${machine.loadAfter} after`,
    '',
    `${'figure'.padEnd(52)}${'median'.padStart(10)} ${'unit'.padEnd(8)}${'spread'.padStart(8)}${'n'.padStart(4)}  goal`,
  ];
  for (const row of rows) {
    const goal = row.goal === null ? '' : `${row.goal} ${row.met ? 'met' : 'MISSED'}`;
    lines.push(
      `${row.name.padEnd(52)}${String(row.median).padStart(10)} ${row.unit.padEnd(8)}${String(row.spread).padStart(8)}${String(row.samples.length).padStart(4)}  ${goal}${row.note ? `  ${row.note}` : ''}`,
    );
  }
  return lines.join('\n');
}
