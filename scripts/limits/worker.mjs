// A worker as activities/worker/main.ts makes it, with activities that say yes. Needs dist/.
import { NativeConnection, Worker } from '@temporalio/worker';
import { workerOptions } from '../../dist/activities/worker/options.js';
import { fakeActivities } from '../../dist/workflows/testing/fake-activities.js';

const [address, outputBytes] = process.argv.slice(2);
const outputs = { v: 'x'.repeat(Number(outputBytes)) };
const config = {
  TEMPORAL_NAMESPACE: 'default',
  SLIPWAY_TASK_QUEUE: 'limits',
  SLIPWAY_WORKER_SLOTS: 40,
  SLIPWAY_WORKER_VERSIONS: 'off',
};
const connection = await NativeConnection.connect({ address });
const runCommands = async ({ step }) =>
  step.outputs ? { verdict: 'succeeded', outputs } : { verdict: 'succeeded' };
const worker = await Worker.create(
  workerOptions(config, connection, fakeActivities({ runCommands })),
);
process.once('SIGTERM', () => worker.shutdown());
process.send('ready');
await worker.run();
await connection.close();
