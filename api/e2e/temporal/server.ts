/** A real Temporal server for scenarios that need no more than that: started as `npm start` does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { anyPort } from '../../dev/ports.js';
import { findTemporal } from '../../dev/temporal-binary.js';
import { listens, temporalArguments } from '../../dev/temporal-server.js';
import { eventually } from '../harness/eventually.js';

/** Of a server that is asked to stop. Milliseconds. */
const STOP_LIMIT_MS = 15_000;

export interface TemporalServer {
  client: Client;
  /** For one worker: a connection takes no two of the same queue. */
  connect(): Promise<NativeConnection>;
  end(): Promise<void>;
}

/** @param settings More of Temporal's dynamic configuration, like `limit.historyCount.suggestContinueAsNew=50`. */
export async function startTemporal(...settings: string[]): Promise<TemporalServer> {
  const { path } = await findTemporal(process.env, () => {});
  const folder = await mkdtemp(join(tmpdir(), 'slipway-temporal-'));
  const [port, uiPort] = [await anyPort(), await anyPort()];
  const child = spawn(
    path,
    [
      ...temporalArguments({ file: join(folder, 'temporal.db'), port, uiPort }),
      ...settings.flatMap((setting) => ['--dynamic-config-value', setting]),
    ],
    { stdio: 'ignore' },
  );
  const address = `127.0.0.1:${port}`;
  await listens(port);
  // Histories of these scenarios are longer than a client usually takes in one answer.
  const channelArgs = { 'grpc.max_receive_message_length': -1 };
  const connection = await Connection.connect({ address, channelArgs });
  const client = new Client({ connection });
  await eventually('the namespace is there', () =>
    connection.workflowService.describeNamespace({ namespace: 'default' }).then(() => true),
  );
  return {
    client,
    connect: () => NativeConnection.connect({ address }),
    end: async () => {
      await connection.close();
      const ended = once(child, 'exit');
      child.kill();
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
