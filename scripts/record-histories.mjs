// Records the histories that the replay tests replay: starts a Temporal server of its own, plays the
// stories of workflows/testing/recorded-stories.ts on it, and writes workflows/testing/recorded/*.json.
// Run it when a workflow changes on purpose, and look at the difference: TEMPORAL_CLI names the server.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

const folder = fileURLToPath(new URL('../workflows/testing/recorded', import.meta.url));
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
  await record(`127.0.0.1:${port}`, folder);
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
