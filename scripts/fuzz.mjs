// `npm run fuzz`: schemathesis over the whole OpenAPI document, against a real stack with a valid token.
// Takes --max-examples N (default 50), --seed S, and what else `schemathesis run` takes. Needs python3 with
// venv; schemathesis itself is installed once, into our cache folder.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progress, setUp } from './setup.mjs';

const VERSION = '4.32.5';
/** A stream has no end of its own; what it sends is tested beside its controller. */
const ENDLESS = '/events$';
/** These take away what the rest needs: the model, the conversation, our token. They come last. */
const TAKES_AWAY = [
  'ConversationsController.remove',
  'ChatOpsController.discard',
  'ModelsController.discard',
  'ModelsController.unserve',
  'ModelsController.remove',
  'PrivacyController.erase',
  'UsersController.revoke',
];
/** What one user may ask is not what is looked for here; nor is the network. */
const WORLD = {
  SLIPWAY_CHAT_REQUESTS_PER_MINUTE: '10000000',
  SLIPWAY_CHAT_TOKENS_PER_MINUTE: '1000000000',
  SLIPWAY_HF_URL: 'http://127.0.0.1:9',
};

/**
 * Checks that are wrong here: a cursor and a secret follow rules that no JSON schema can say, and who sends
 * wrong tokens all the time is soon answered 429 (api/access.test.ts asks about every route and token).
 */
const BY_DESIGN = 'positive_data_acceptance,ignored_auth';

const CONFIG = fileURLToPath(new URL('./fuzz/schemathesis.toml', import.meta.url));
const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const folder = join(cache, 'slipway', `schemathesis-${VERSION}`);
const program = join(folder, 'bin', 'schemathesis');
const given = process.argv.slice(2);
const examples = given.includes('--max-examples') ? [] : ['--max-examples', '50'];

await setUp();
await progress().during('schemathesis', install).catch(stop);
const { BenchStack } = await import('./bench/stack.mjs');
const { fill } = await import('./fuzz/world.mjs');
Object.assign(process.env, WORLD);
const stack = await BenchStack.start();
let code = 0;
try {
  await fill(stack);
  const first = TAKES_AWAY.flatMap((id) => ['--exclude-operation-id', id]);
  code = await fuzz(...first);
  for (const id of TAKES_AWAY) {
    const alone = ['--include-operation-id', id, '--phases', 'examples,coverage,fuzzing'];
    code = (await fuzz(...alone)) || code;
  }
} finally {
  const bugs = readFileSync(join(stack.home, 'logs/api.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('a request found a bug'));
  if (bugs.length > 0)
    console.log(`the API's own words about its bugs:\n${bugs.slice(0, 20).join('\n')}`);
  await stack.end();
}
process.exitCode = code;

/** In its own folder: there it keeps what it found ("st replay ID" repeats it), and nothing in the checkout. */
function fuzz(...which) {
  const options = [
    ['--header', `Authorization: Bearer ${stack.token}`],
    ['--exclude-path-regex', ENDLESS],
    ['--exclude-checks', BY_DESIGN],
    ['--continue-on-failure'],
  ];
  const what = ['--config-file', CONFIG, 'run', `${stack.url}/docs-json`];
  const all = [...what, ...options.flat(), ...which, ...examples, ...given];
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
