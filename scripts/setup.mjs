// Brings a fresh checkout to the point where compiled code can run. Needs Node 20 and npm, nothing else.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'node_modules', '.slipway-lock');
/** The Node that the project brings along: `node_modules/.bin/node`. */
export const node = join(root, 'node_modules', '.bin', 'node');

/** Installs what is missing and compiles what changed. Safe to repeat: takes under a second then. */
export async function setUp(screen = progress()) {
  requireTools();
  await screen.during('dependencies', installDependencies);
  await screen.during('compile', async () => {
    const { written } = JSON.parse(await run(node, [join(root, 'scripts', 'prepare.mjs')]));
    return written === 0 ? 'up to date' : `${written} files`;
  });
}

function requireTools() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) fail(`Slipway needs Node 20 or newer; this is ${process.version}.`);
  if (spawnSync('git', ['--version']).status !== 0)
    fail('Slipway needs git, and finds none on PATH.');
}

async function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(readFileSync(join(root, 'package.json')))
    .digest('hex');
  const installed = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (installed === lock && existsSync(node)) return 'up to date';
  refuseLink(join(root, 'node_modules'));
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!existsSync(node)) {
    throw new Error(
      'npm installed no "node" package: are install scripts switched off (ignore-scripts)? Allow them for "node".',
    );
  }
  writeFileSync(stampFile, lock);
  return 'installed';
}

/** `npm ci` empties the folder that a link leads to, and with it another checkout. */
function refuseLink(folder) {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  throw new Error(
    `"${folder}" is a link, and its packages are not those of package-lock.json: ` +
      'install them where it leads to, or remove the link and start again.',
  );
}

/** Runs a command quietly; on failure throws with what it said last. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let tail = '';
    child.stdout.on('data', (d) => {
      out += d;
      tail = (tail + d).slice(-4_000);
    });
    child.stderr.on('data', (d) => {
      tail = (tail + d).slice(-4_000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`"${command} ${args.join(' ')}" ended with ${code}:\n${tail.trim()}`));
    });
  });
}

/** Our environment with the project's own Node first on PATH. */
export function environment(extra = {}) {
  const PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  return { ...process.env, PATH, ...extra };
}

/** One line per piece of slow work: what, how it went, how long. A dot every 5 s shows that it lives. */
export function progress(out = process.stdout) {
  return {
    async during(what, work) {
      const started = Date.now();
      const label = `  ${what.padEnd(16)}`;
      out.write(`${label}…`);
      const tick = setInterval(() => out.write('.'), 5_000);
      try {
        const note = await work();
        const seconds = ((Date.now() - started) / 1_000).toFixed(1);
        out.write(`${out.isTTY ? `\r${label}` : ' '}${note} (${seconds} s)${' '.repeat(10)}\n`);
      } catch (error) {
        out.write(' failed\n');
        throw error;
      } finally {
        clearInterval(tick);
      }
    },
  };
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

/** Runs a command in the foreground, hands signals on, and resolves with its exit code. */
export function foreground(command, args, env = environment()) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    const pass = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ? 128 : (code ?? 1)));
  });
}
