/** Looks at the source before anything is run: every script parses, and the lock file fits. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const problems = [];
const scripts = ['backend', 'frontend', 'tools'].flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(folder, name)),
);

for (const script of scripts) {
  try {
    execFileSync(process.execPath, ['--check', script], { stdio: 'pipe' });
  } catch (error) {
    problems.push(`${script} does not parse:\n${error.stderr}`);
  }
  for (const [index, line] of readFileSync(script, 'utf8').split('\n').entries()) {
    if (/[ \t]$/.test(line)) problems.push(`${script}:${index + 1} ends with a blank`);
    if (/\t/.test(line)) problems.push(`${script}:${index + 1} holds a tab; indent with blanks`);
  }
}

const [about, lock] = ['package.json', 'package-lock.json'].map((name) =>
  JSON.parse(readFileSync(name, 'utf8')),
);
if (lock.version !== about.version) {
  problems.push('package-lock.json is of another version: run "npm install --package-lock-only"');
}
const wanted = Object.keys(about.dependencies ?? {});
if (wanted.length > 0) problems.push(`this app needs nothing but Node, not ${wanted.join(', ')}`);

for (const problem of problems) console.error(problem);
console.log(`${scripts.length} scripts looked at, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
