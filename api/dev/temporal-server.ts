/** How the Temporal dev server is started, and when it is ready. The flags were measured: see ADR 0004. */
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

export function temporalArguments(server: {
  file: string;
  port: number;
  uiPort: number;
}): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(server.port)],
    ...['--ui-port', String(server.uiPort), '--db-filename', server.file, '--log-level', 'warn'],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `Slipway${name}=Keyword`]),
    ...DYNAMIC_CONFIG.flatMap((entry) => ['--dynamic-config-value', entry]),
  ];
}

/** Resolves when something accepts connections on the port; `limitMs` bounds the wait. */
export async function listens(port: number, limitMs = 30_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await accepts(port))) {
    if (Date.now() > deadline)
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
