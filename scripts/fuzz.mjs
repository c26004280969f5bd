// `npm run fuzz`: schemathesis over the whole OpenAPI document, against a real stack with a valid token.
// Takes --max-examples N (default 50), --seed S, and what else `schemathesis run` takes. Needs python3 with
// venv; schemathesis itself is installed once, into our cache folder.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { progress, setUp } from './setup.mjs';

const VERSION = '4.32.5';
/** A stream has no end of its own; what it sends is tested by api/runs/events.test.ts. */
const ENDLESS = '/events$';
/** Found by the stateful phase, it would revoke the token that the rest needs. */
const REVOKES = 'UsersController.revoke';

/**
 * Checks that are wrong here: a cursor and a secret follow rules that no JSON schema can say, and who sends
 * wrong tokens all the time is soon answered 429 (api/access.test.ts asks about every route and token).
 */
const BY_DESIGN = 'positive_data_acceptance,ignored_auth';

const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const folder = join(cache, 'slipway', `schemathesis-${VERSION}`);
const program = join(folder, 'bin', 'schemathesis');
const given = process.argv.slice(2);
const examples = given.includes('--max-examples') ? [] : ['--max-examples', '50'];

await setUp();
await progress().during('schemathesis', install).catch(stop);
const { BenchStack } = await import('./bench/stack.mjs');
const stack = await BenchStack.start();
let code = 0;
try {
  await fill(stack);
  code ||= await fuzz('--exclude-operation-id', REVOKES);
  code ||= await fuzz('--include-operation-id', REVOKES, '--phases', 'examples,coverage,fuzzing');
} finally {
  const bugs = readFileSync(join(stack.home, 'logs/api.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('a request found a bug'));
  if (bugs.length > 0)
    console.log(`the API's own words about its bugs:\n${bugs.slice(0, 20).join('\n')}`);
  await stack.end();
}
process.exitCode = code;

/** One of everything that the examples of the document name: a run with a gate, a release, a stage. */
async function fill(stack) {
  const pipeline = `version: 1
name: chat-app
on: { push: {}, manual: {} }
steps:
  test: { run: [node --check server.mjs] }
  app: { needs: [test], build: { kind: archive, paths: [server.mjs], command: node server.mjs } }
  staging: { needs: [app], deploy: { release: [app], stage: staging } }
  approve: { needs: [staging], approve: { stage: production } }
`;
  const server = `import { createServer } from 'node:http';
createServer((_request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1');
`;
  const files = { 'server.mjs': server, '.slipway/pipeline.yaml': pipeline };
  const clone = await stack.repository('chat-app', { main: files });
  clone.remove();
  const answer = { answer: 'approve', reason: 'it serves' };
  await stack.client.approvals.answer('chat-app-1', 'approve', answer);
  const { status, reason } = await stack.finalRun('chat-app-1');
  if (status !== 'succeeded') throw new Error(`the first run is ${status}: ${reason}`);
}

/** In its own folder: there it keeps what it found ("st replay ID" repeats it), and nothing in the checkout. */
function fuzz(...which) {
  const options = [
    ['--header', `Authorization: Bearer ${stack.token}`],
    ['--exclude-path-regex', ENDLESS],
    ['--exclude-checks', BY_DESIGN],
    ['--continue-on-failure'],
  ];
  const all = ['run', `${stack.url}/docs-json`, ...options.flat(), ...which, ...examples, ...given];
  return new Promise((resolve, reject) => {
    const child = spawn(program, all, { cwd: folder, stdio: 'inherit' });
    child.once('error', reject).once('close', (status) => resolve(status ?? 1));
  });
}

/** Repeatable: takes no time when it is there. */
async function install() {
  if (existsSync(program)) return 'up to date';
  mkdirSync(folder, { recursive: true });
  try {
    const quiet = { stdio: ['ignore', 'ignore', 'pipe'] };
    execFileSync('python3', ['-m', 'venv', folder], quiet);
    execFileSync(
      join(folder, 'bin/pip'),
      ['install', '--quiet', `schemathesis==${VERSION}`],
      quiet,
    );
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return 'installed';
}

function stop(error) {
  console.error(
    `schemathesis ${VERSION} cannot be installed: ${String(error.stderr ?? error.message).trim()}\n` +
      'It needs python3 with venv and pip; the standing tests (api/doors.test.ts) need neither.',
  );
  process.exit(2);
}
