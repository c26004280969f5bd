// Starts server and worker, runs each plan once, and prints a table of what it cost.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { anyPort } from '../../dist/api/dev/ports.js';
import { findTemporal } from '../../dist/api/dev/temporal-binary.js';
import { listens, temporalArguments } from '../../dist/api/dev/temporal-server.js';
import { plans } from './plans.mjs';

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1].split(',') : undefined;
const OUTPUT_BYTES = 60_000;

const folder = await mkdtemp(join(tmpdir(), 'slipway-limits-'));
const port = await anyPort();
const address = `127.0.0.1:${port}`;
const { path } = await findTemporal(process.env, () => {});
const file = join(folder, 'temporal.db');
const server = spawn(path, temporalArguments({ file, port, uiPort: await anyPort() }), {
  stdio: 'ignore',
});
let connection;
try {
  await listens(port);
  connection = await connected();
  const client = new Client({ connection });
  console.log(
    'run                                       steps      s  ms/step  histories  events/step  handed over KB  worker MB  ends',
  );
  for (const [name, { title, steps }] of Object.entries(plans)) {
    if (only && !only.includes(name)) continue;
    console.log(line(title, await measured(client, name, steps)));
  }
} finally {
  await connection?.close();
  server.kill();
  await once(server, 'exit');
  await rm(folder, { recursive: true, force: true });
}

async function connected() {
  for (;;) {
    try {
      const channelArgs = { 'grpc.max_receive_message_length': -1 };
      const found = await Connection.connect({ address, channelArgs });
      await found.workflowService.describeNamespace({ namespace: 'default' });
      return found;
    } catch (error) {
      if (server.exitCode !== null) throw error;
    }
  }
}

/** One run on a fresh worker: its memory is that of this run. */
async function measured(client, name, steps) {
  const script = fileURLToPath(new URL('worker.mjs', import.meta.url));
  const worker = fork(script, [address, OUTPUT_BYTES]);
  await once(worker, 'message');
  const started = performance.now();
  const run = await client.workflow.start('run', {
    workflowId: `${name}-1`,
    taskQueue: 'limits',
    args: [inputOf(name, steps)],
  });
  const outcome = await run.result();
  const ms = performance.now() - started;
  const peakMb = await peakOf(worker.pid);
  worker.kill();
  await once(worker, 'exit');
  return { ...(await historiesOf(client, run)), steps: steps.length, ms, peakMb, outcome };
}

async function historiesOf(client, { workflowId, firstExecutionRunId }) {
  let [events, histories, handedOver] = [0, 0, 0];
  for (let runId = firstExecutionRunId; runId; histories++) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    events += history.events.length;
    const next = history.events.at(-1).workflowExecutionContinuedAsNewEventAttributes;
    const bytes = next?.input?.payloads?.[0]?.data?.length ?? 0;
    handedOver = Math.max(handedOver, bytes);
    runId = next?.newExecutionRunId;
  }
  return { events, histories, handedOver };
}

async function peakOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
}

function inputOf(name, steps) {
  const commit = 'c'.repeat(40);
  const run = {
    id: `${name}-1`,
    repository: name,
    commit,
    branch: 'main',
    pipeline: 'p',
    order: 1,
  };
  return {
    run,
    trigger: { kind: 'push', by: 'carol', inputs: {} },
    plan: { pipeline: 'p', steps },
  };
}

function line(title, { steps, ms, histories, events, handedOver, peakMb, outcome }) {
  const cells = [
    title.padEnd(40),
    String(steps).padStart(6),
    (ms / 1_000).toFixed(1).padStart(6),
    (ms / steps).toFixed(1).padStart(8),
    String(histories).padStart(10),
    (events / steps).toFixed(1).padStart(12),
    (handedOver / 1_024).toFixed(0).padStart(15),
    String(peakMb).padStart(10),
  ];
  return `${cells.join(' ')}  ${outcome.status}${outcome.reason ? `: ${outcome.reason.slice(0, 120)}` : ''}`;
}
