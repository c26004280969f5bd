#!/usr/bin/env node
// `npm test`: everything that must hold. `npm test -- PATH …` runs only those test files, without the checks.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringDynamoDbLocal } from './scripts/dynamodb-local.mjs';
import { bringRedis, bringSandboxTools } from './scripts/sandbox-tools.mjs';
import { environment, foreground, node, root, setUp } from './scripts/setup.mjs';

const only = process.argv.slice(2);
try {
  await setUp();
  bringSandboxTools();
  bringRedis();
  bringDatabase();
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(3);
}

/** Where it cannot be had the tests of its adapter say what is missing, and fail. */
function bringDatabase() {
  try {
    bringDynamoDbLocal();
  } catch (error) {
    console.log(`  DynamoDB        ${error.message}`);
  }
}

const results = mkdtempSync(join(tmpdir(), 'slipway-test-'));
let passed = 0;
let failed = 0;
let broken = false;

if (only.length === 0) {
  const code = await foreground(node, [join(root, 'scripts/check.mjs')]);
  if (code === 0) passed++;
  else failed++;
}
// Pure and small tests side by side, then the scenarios on the real stack one after the other.
for (const [project, ...options] of [
  ['unit', '--maxWorkers=2'],
  ['e2e', '--runInBand'],
]) {
  const file = join(results, `${project}.json`);
  const code = await foreground(
    node,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules/jest/bin/jest.js'),
      '--selectProjects',
      project,
      '--json',
      `--outputFile=${file}`,
      '--passWithNoTests',
      ...options,
      ...only,
    ],
    environment(),
  );
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    passed += numPassedTests;
    failed += numFailedTests + numRuntimeErrorTestSuites;
    broken ||= code !== 0 && numFailedTests + numRuntimeErrorTestSuites === 0;
  } catch {
    broken = true;
  }
}
rmSync(results, { recursive: true, force: true });
if (broken) failed++;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
