/** Runs the tests of one part and leaves a summary for the report: `node tools/test.js backend`. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const part = process.argv[2];
const folder = join(part, 'test');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.js'))
  .map((name) => join(process.cwd(), folder, name));
const counts = { passed: 0, failed: 0 };
const began = performance.now();

const tests = run({ files, concurrency: true, timeout: 30_000 });
const isOwn = ({ name, details }) => details.type !== 'suite' && !files.includes(name);
tests.on('test:pass', (test) => {
  if (isOwn(test)) counts.passed++;
});
tests.on('test:fail', (test) => {
  counts.failed++;
  process.exitCode = 1;
  if (!isOwn(test)) console.error(`${test.name} could not be run`);
});
tests.on('end', () => {
  const seconds = (performance.now() - began) / 1_000;
  mkdirSync('out', { recursive: true });
  writeFileSync(join('out', `test-${part}.json`), `${JSON.stringify({ ...counts, seconds })}\n`);
});
tests.compose(new spec()).pipe(process.stdout);
