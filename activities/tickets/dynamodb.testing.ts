/** A DynamoDB for tests: AWS's own local one, with the table that our CloudFormation template makes. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseDocument } from 'yaml';
import { packageRoot } from '../platform/package-root.js';
import { freePort } from '../store/testing.js';
import { DynamoConnection, type DynamoSettings } from './dynamodb.client.js';

const START_LIMIT_MS = 90_000;
const LOOK_EVERY_MS = 200;
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
const exec = promisify(execFile);

/** What a property of the template holds; `!Ref` and its like stay what they are called with. */
// biome-ignore lint/suspicious/noExplicitAny: a template is a tree of many shapes.
export function template(): any {
  const text = readFileSync(join(packageRoot(), 'manifests/aws/dynamodb-table.yaml'), 'utf8');
  const document = parseDocument(text, { logLevel: 'silent' });
  if (document.errors.length > 0) throw document.errors[0] ?? new Error('not YAML');
  return document.toJS();
}

export interface LocalDynamo {
  settings: DynamoSettings;
  connection: DynamoConnection;
  /** Sends this process a signal: SIGSTOP makes it hang. */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Takes about ten seconds; the first one on a machine also fetches 51 MB. Call `stop` in `afterAll`. */
export async function localDynamo(): Promise<LocalDynamo> {
  const script = join(packageRoot(), 'scripts/dynamodb-local.mjs');
  const { stdout } = await exec(process.execPath, [script]);
  const folder = stdout.trim();
  const port = await freePort();
  const child = spawn(
    'java',
    [
      '-Xmx256m',
      `-Djava.library.path=${folder}`,
      ...['-cp', join(folder, '*'), 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner'],
      ...['-inMemory', '-disableTelemetry', '-port', String(port)],
    ],
    { stdio: 'ignore', cwd: folder },
  );
  const settings = {
    table: 'slipway-tickets',
    url: `http://127.0.0.1:${port}`,
    credentials: CREDENTIALS,
    region: 'eu-west-1',
  };
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const connection = new DynamoConnection(settings);
  const stop = async (): Promise<void> => {
    await connection.close();
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await untilAnswering(settings.url, child);
    await makeTable(settings);
  } catch (error) {
    await stop();
    throw error;
  }
  return { settings, connection, signal: (signal) => void child.kill(signal), stop };
}

async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const late = performance.now() + START_LIMIT_MS;
  while (performance.now() < late) {
    if (child.exitCode !== null) throw new Error(`DynamoDB Local ended with ${child.exitCode}`);
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await wait(LOOK_EVERY_MS);
  }
  throw new Error(`DynamoDB Local does not answer after ${START_LIMIT_MS / 1_000} s`);
}

/** As CloudFormation would; what only AWS itself offers is left out. */
async function makeTable({ table, url, region, credentials }: DynamoSettings): Promise<void> {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode } =
    template().Resources.Tickets.Properties;
  const client = new DynamoDBClient({
    endpoint: url,
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  const input = { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode };
  await client.send(new CreateTableCommand({ TableName: table, ...input }));
  client.destroy();
}
