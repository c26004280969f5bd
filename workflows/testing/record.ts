/**
 * Plays the recorded stories on a real server and keeps their histories, for the replay tests.
 *
 * Run by scripts/record-histories.mjs. The server must know our search attributes.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { approvalId } from '../approval/approval.messages.js';
import { RunId } from '../domain/names.js';
import type { run as runWorkflow } from '../index.js';
import type { Input } from '../run/run.messages.js';
import { stageQueueId } from '../stage/stage.messages.js';
import { type AllActivities, fakeActivities } from './fake-activities.js';
import { Players } from './players.js';
import { STORIES, type Story } from './recorded-stories.js';
import { stageQueues } from './stage-queues.js';

const QUEUE = 'record';

/**
 * Writes one file per workflow of each story into `folder`, the one of the release that is being
 * made. A file that is there stays: runs of that release may be out there.
 *
 * @returns the names of the files that are new.
 */
export async function record(address: string, folder: string): Promise<string[]> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  await mkdir(folder, { recursive: true });
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const client = new Client({ connection });
  let playing: Partial<AllActivities> = {};
  const activities = () => ({ ...fakeActivities(), ...stageQueues(client, QUEUE), ...playing });
  const worker = await Worker.create({
    connection: native,
    taskQueue: QUEUE,
    workflowsPath: fileURLToPath(new URL('../index.js', import.meta.url)),
    activities: late(activities),
    maxHeartbeatThrottleInterval: '1 second',
    maxEagerActivityReservationsPerWorkflowTask: 100,
  });
  const written = await worker.runUntil(async () => {
    const files: string[] = [];
    for (const story of STORIES) {
      playing = story.activities ?? {};
      await play(client, story);
      files.push(...(await keep(client, folder, story)));
    }
    return files;
  });
  await native.close();
  await connection.close();
  return written;
}

async function play(client: Client, story: Story): Promise<void> {
  const input = inputOf(story);
  const { id, repository } = input.run;
  if (story.isOccupied === true) await Players.occupy(client, repository);
  const handle = await client.workflow.start<typeof runWorkflow>('run', {
    workflowId: id,
    taskQueue: QUEUE,
    args: [input],
  });
  await story.people?.(new Players(client, input.run, handle));
  const { status } = await handle.result();
  if (status !== story.ends) throw new Error(`story "${story.name}" ended ${status}`);
}

async function keep(client: Client, folder: string, story: Story): Promise<string[]> {
  const { id, repository } = inputOf(story).run;
  const gates = story.steps.flatMap((s) => (s.kind === 'approve' ? [s.name] : []));
  const files = [
    [story.name, id],
    ...gates.map((step) => [`${story.name}.approval`, approvalId(id, step)]),
    ...['staging'].map((stage) => [`${story.name}.stage`, stageQueueId(repository, stage)]),
  ];
  const written: string[] = [];
  for (const [name, workflowId = ''] of files) {
    const file = `${folder}/${name}.json`;
    if (existsSync(file)) continue;
    const history = await client.workflow
      .getHandle(workflowId)
      .fetchHistory()
      .catch(() => undefined); // The story ended before it came to this gate or stage.
    if (history === undefined) continue;
    const json = JSON.stringify(JSON.parse(historyToJSON(history)), withoutTheMachine);
    await writeFile(file, `${json}\n`);
    written.push(`${name}.json`);
  }
  return written;
}

function inputOf(story: Story): Input {
  const repository = story.name;
  return {
    run: {
      id: RunId.parse(`${repository}-2`),
      repository,
      commit: 'c'.repeat(40),
      branch: 'main',
      pipeline: 'delivery',
      order: 2,
    },
    trigger: { kind: 'push', by: 'carol', inputs: {} },
    plan: { pipeline: 'delivery', steps: story.steps },
  };
}

/** Each call goes to the activity that the story wants at that moment. */
function late(current: () => AllActivities): AllActivities {
  const names = Object.keys(fakeActivities()) as (keyof AllActivities)[];
  const call = (name: keyof AllActivities) => (input: never) => current()[name](input);
  return Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as AllActivities;
}

/** Stack traces and identities name the machine that recorded; a replay needs neither. */
function withoutTheMachine(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return key === 'identity' ? 'recorder' : value;
}
