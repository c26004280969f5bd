/** The final report: a table of what this run made and saw. Runs also after failures. */
import { existsSync, readFileSync } from 'node:fs';

const env = process.env;
const about = JSON.parse(readFileSync('package.json', 'utf8'));
const MISSING = ['–', 'no result: its step did not succeed'];

const rows = [
  ['Version', `v${about.version}`, `commit ${(env.SLIPWAY_COMMIT ?? 'unknown').slice(0, 7)}`],
  ['Branch', env.SLIPWAY_BRANCH || '–', env.SLIPWAY_REPOSITORY ?? ''],
  ['Backend tests', ...tests('backend')],
  ['Frontend tests', ...tests('frontend')],
];

console.log(`\nReport of run ${env.SLIPWAY_RUN_ID ?? 'on this machine'}\n`);
table(['What', 'Result', 'More'], rows);
if (env.SLIPWAY_RUN_ID) {
  console.log(`\nEvery step, with its reason: npx slipway show ${env.SLIPWAY_RUN_ID}`);
}

function tests(part) {
  const file = `out/test-${part}.json`;
  if (!existsSync(file)) return MISSING;
  const { passed, failed, seconds } = JSON.parse(readFileSync(file, 'utf8'));
  return [`${passed} passed`, `${failed} failed, ${seconds.toFixed(1)} s`];
}

function table(head, body) {
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((row) => row[at].length)));
  const line = (row) => row.map((cell, at) => cell.padEnd(widths[at])).join('  ').trimEnd();
  console.log(line(head));
  console.log(line(widths.map((width) => '─'.repeat(width))));
  for (const row of body) console.log(line(row));
}
