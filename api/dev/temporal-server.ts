/** How the Temporal dev server is started, and when it is ready. The flags were measured: see ADR 0004. */
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Search attributes of runs (workflows/run/run.messages.ts); the server takes them when its file is new. */
const SEARCH_ATTRIBUTES = ['Repository', 'Pipeline', 'Commit', 'Branch', 'Stage', 'Status'];

const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxTimeShift="100ms"',
  'history.workflowIdReuseMinimalInterval="0s"',
  'system.enableActivityEagerExecution=true',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
];

/**
 * Serves waiting work of repositories in turn, however much of it one of them has (its fairness key).
 * The server keeps such queues in tables of their own, and does not move what waits in the old ones:
 * so a file begins with it, or never has it.
 */
const FAIR = 'matching.enableFairness=true';

/** Whether the server's file has fair queues; a file that is not there yet will. */
function hasFairQueues(file: string): boolean {
  const mark = `${file}.fair`;
  if (!existsSync(file))
    writeFileSync(mark, 'its queues are fair; see api/dev/temporal-server.ts\n');
  return existsSync(mark);
}

export function temporalArguments(server: {
  file: string;
  port: number;
  uiPort: number;
}): string[] {
  const dynamic = hasFairQueues(server.file) ? [...DYNAMIC_CONFIG, FAIR] : DYNAMIC_CONFIG;
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(server.port)],
    ...['--ui-port', String(server.uiPort), '--db-filename', server.file, '--log-level', 'warn'],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `Slipway${name}=Keyword`]),
    ...dynamic.flatMap((entry) => ['--dynamic-config-value', entry]),
  ];
}

/** Resolves when something accepts connections on the port; `limitMs` bounds the wait. */
export async function listens(port: number, limitMs = 30_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await accepts(port))) {
    if (performance.now() > deadline)
      throw new Error(`nothing listens on 127.0.0.1:${port} after ${limitMs} ms`);
    await wait(25);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
