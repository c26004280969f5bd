/**
 * The process `reconciler`: makes the stages of this machine follow Git.
 *
 * Environment: SLIPWAY_HOME, DATABASE_URL, and SLIPWAY_STOP_INSTANCES (`false`: a polite end leaves the
 * instances running; default: it ends them within 10 s). Killed, it leaves them running in any case.
 */
import { resolve } from 'node:path';
import { wordsOf } from '../../platform/errors.js';
import { logOutput } from '../../platform/logging.js';
import { answerPings } from '../../platform/ready.js';
import { openPool, overPool } from '../../store/db.js';
import { createStages } from '../../store/stages.store.js';
import { startReconciler } from './reconciler.js';

/** Reports are sent one after the other. */
const CONNECTIONS = 1;

const out = logOutput();
const say = (line: string): void => {
  out.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(): Promise<void> {
  const home = resolve(required('SLIPWAY_HOME'));
  const pool = openPool(required('DATABASE_URL'), 'slipway reconciler', CONNECTIONS);
  const reconciler = await startReconciler({ home, stages: createStages(overPool(pool)), say });
  const endInstances = process.env['SLIPWAY_STOP_INSTANCES'] !== 'false';
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    say(endInstances ? 'ending all instances' : 'leaving the instances running');
    await reconciler.stop({ endInstances });
    await pool.end();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  say('the stages follow Git');
  process.send?.('ready');
  answerPings();
}

function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set; "npm start" sets it`);
}

main().catch((error: unknown) => {
  say(wordsOf(error));
  process.exit(1);
});
