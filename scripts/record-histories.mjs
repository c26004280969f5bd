// Records the histories that the replay tests replay: starts a Temporal server of its own, plays the
// stories of workflows/testing/recorded-stories.ts on it, and writes those that are not there yet into
// workflows/testing/recorded/VERSION. VERSION is the one of package.json, or `-- --release VERSION`.
// Run it before a release is given away. TEMPORAL_CLI names the server.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const { values } = parseArgs({ options: { release: { type: 'string', default: version } } });
const recorded = new URL(`../workflows/testing/recorded/${values.release}`, import.meta.url);
const NAMES = ['Repository', 'Pipeline', 'Commit', 'Branch', 'Stage', 'Status'];
const START_MS = 20_000;

await build();
const port = await freePort();
const server = spawn(
  process.env.TEMPORAL_CLI ?? 'temporal',
  [
    ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
    ...['--log-level', 'error'],
    ...NAMES.flatMap((name) => ['--search-attribute', `Slipway${name}=Keyword`]),
    ...[
      'history.transferProcessorMaxPollRPS=2000',
      'history.timerProcessorMaxPollRPS=2000',
      'history.visibilityProcessorMaxPollRPS=2000',
      'history.timerProcessorMaxTimeShift="100ms"',
      'history.workflowIdReuseMinimalInterval="0s"',
      'system.enableActivityEagerExecution=true',
    ].flatMap((value) => ['--dynamic-config-value', value]),
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
try {
  await listening(port);
  const { record } = await import('../dist/workflows/testing/record.js');
  const files = await record(`127.0.0.1:${port}`, fileURLToPath(recorded));
  for (const file of files) console.log(`new: ${values.release}/${file}`);
  console.log(
    `${files.length} new; what was there stays, since runs of ${values.release} may exist`,
  );
} finally {
  server.kill();
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}

async function listening(at) {
  const { Connection } = await import('@temporalio/client');
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      const connection = await Connection.connect({
        address: `127.0.0.1:${at}`,
        connectTimeout: 1_000,
      });
      await connection.close();
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('the Temporal server does not answer', { cause });
    }
  }
}
