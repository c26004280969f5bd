// Peers that run on this machine without a service: a shell loop, act in host mode, gitlab-ci-local.
// A peer that is not installed is left out; the report then has no line of it.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const LIMIT_MS = 180_000;

const steps = (count) => Array.from({ length: count }, (_unused, index) => `s${index + 1}`);
const before = (shape, index) => (shape === 'chain' && index > 0 ? `s${index}` : undefined);

/** The same graph of no-op steps in everybody's language. */
export const inSlipway = (shape, count, commands = 1) =>
  `version: 1\nname: bench\non: { manual: {} }\nsteps:\n${steps(count)
    .map((name, index) => {
      const needs = before(shape, index) ? `needs: [${before(shape, index)}], ` : '';
      return `  ${name}: { ${needs}run: [${Array(commands).fill('"true"').join(', ')}] }\n`;
    })
    .join('')}`;

const inActions = (shape, count, commands = 1) =>
  `on: push\njobs:\n${steps(count)
    .map((name, index) => {
      const needs = before(shape, index) ? `    needs: ${before(shape, index)}\n` : '';
      return `  ${name}:\n    runs-on: ubuntu-latest\n${needs}    steps:\n${'      - run: "true"\n'.repeat(commands)}`;
    })
    .join('')}`;

const inGitLab = (shape, count, commands = 1) =>
  steps(count)
    .map((name, index) => {
      const needs = before(shape, index) ? `[${before(shape, index)}]` : '[]';
      return `${name}:\n  needs: ${needs}\n  script:\n${'    - "true"\n'.repeat(commands)}`;
    })
    .join('');

/** Returns the peers that are installed: name → (shape, count, commands) → milliseconds. */
export async function findPeers() {
  const peers = { 'shell loop': shellLoop };
  const act = await which('act');
  if (act) peers.act = (...shape) => runAct(act, ...shape);
  const gitlab = await which('gitlab-ci-local');
  if (gitlab && (await which('rsync')))
    peers['gitlab-ci-local'] = (...shape) => runGitLab(gitlab, ...shape);
  return peers;
}

async function shellLoop(_shape, count, commands = 1) {
  const script = 'for i in $(seq "$1"); do bash -c true; done';
  return timed(() => exec('bash', ['-c', script, 'loop', String(count * commands)]));
}

async function runAct(act, shape, count, commands) {
  return inFolder(async (folder) => {
    mkdirSync(join(folder, '.github/workflows'), { recursive: true });
    writeFileSync(join(folder, '.github/workflows/bench.yml'), inActions(shape, count, commands));
    await repository(folder);
    const args = ['push', '-P', 'ubuntu-latest=-self-hosted', '--quiet'];
    return timed(() => exec(act, args, { cwd: folder, timeout: LIMIT_MS, maxBuffer: 1e8 }));
  });
}

async function runGitLab(gitlab, shape, count, commands) {
  return inFolder(async (folder) => {
    writeFileSync(join(folder, '.gitlab-ci.yml'), inGitLab(shape, count, commands));
    await repository(folder);
    return timed(() =>
      exec(gitlab, ['--force-shell-executor'], { cwd: folder, timeout: LIMIT_MS, maxBuffer: 1e8 }),
    );
  });
}

async function repository(folder) {
  const git = (...args) => exec('git', ['-C', folder, ...args]);
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', 'https://example.org/bench/bench.git');
  await git('add', '--all');
  await git(
    '-c',
    'user.name=bench',
    '-c',
    'user.email=bench@localhost',
    'commit',
    '--quiet',
    '-m',
    'bench',
  );
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-peer-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function which(name) {
  try {
    return (await exec('bash', ['-c', `command -v ${name}`])).stdout.trim();
  } catch {
    return undefined;
  }
}
