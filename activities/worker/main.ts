/** Process: runs workflows and activities. Ends when it is told to, never because a part is away. */
import { mkdir } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { folders, readConfig } from '../platform/config.js';
import { watchDescriptors } from '../platform/descriptors.js';
import { keepTrying } from '../platform/keep-trying.js';
import { type Lifetime, startLifetime } from '../platform/lifetime.js';
import { createLog, type Log } from '../platform/logging.js';
import { sayReady } from '../platform/ready.js';
import { temporalClient } from '../platform/temporal.js';
import { StoreUnavailable } from '../store/errors.js';
import { createStore } from '../store/store.js';
import { scheduleRetention } from '../upkeep/retention.schedule.js';
import { assembleActivities } from './activities.js';
import { connectWorker } from './connection.js';
import { workerOptions } from './options.js';
import { installRuntime } from './sdk-logging.js';
import { buildId, HOW_TO_MAKE_CURRENT } from './version.js';

const config = readConfig();
const log = createLog('worker', config.SLIPWAY_LOG_LEVEL);
const lifetime = startLifetime(log);
watchDescriptors(log);
try {
  await work(lifetime, log);
} catch (err) {
  if (!lifetime.signal.aborted) {
    log.fatal({ err }, 'the worker cannot go on');
    lifetime.end(1);
  }
}

async function work(life: Lifetime, say: Log): Promise<void> {
  installRuntime(say);
  await Promise.all(Object.values(folders(config.SLIPWAY_HOME)).map(made));
  const store = await keepTrying(
    () => createStore({ url: config.DATABASE_URL, name: 'slipway worker' }),
    {
      part: 'PostgreSQL',
      log: say,
      signal: life.signal,
      isAway: (error) => error instanceof StoreUnavailable,
    },
  );
  life.atEnd('store', () => store.close());
  const client = temporalClient(config);
  life.atEnd('client', () => client.connection.close());
  const connection = await connectWorker(config, life, say);
  life.atEnd('connection', () => connection.close());

  const activities = await assembleActivities({ config, store, client, life, log: say });
  const worker = await Worker.create(workerOptions(config, connection, activities));
  if (config.SLIPWAY_WORKER_VERSIONS === 'on')
    say.info({ version: buildId() }, HOW_TO_MAKE_CURRENT);
  keepSchedules(client, life, say);
  const ran = worker.run();
  life.atEnd('worker', async () => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ran;
  });
  sayReady(say);
  await ran;
}

/** Beside the work: a Temporal that takes no schedule now is asked again, and holds nothing up. */
function keepSchedules(client: Client, { signal }: Lifetime, say: Log): void {
  const days = {
    default: config.SLIPWAY_RETENTION_DAYS,
    year: config.SLIPWAY_RETENTION_YEAR_DAYS,
    legal: config.SLIPWAY_RETENTION_LEGAL_DAYS,
  };
  const make = () => scheduleRetention(client, { taskQueue: config.SLIPWAY_TASK_QUEUE, days });
  const waiting = { part: 'the schedule of retention', log: say, signal, isAway: () => true };
  keepTrying(make, waiting).catch(() => {}); // The process is ending.
}

async function made(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
}
