/** Every activity of the worker, with its adapters. Steps record themselves. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { FilesArtifactStore, FilesCacheStore } from '../artifacts/files.adapter.js';
import { createBuildActivities } from '../build/build.activities.js';
import type { StepSecrets } from '../build/build.ports.js';
import { pathForSteps } from '../build/environment.js';
import { chooseExecutor } from '../build/executor.choice.js';
import { sweepWorkspaces, Workspaces, workerFolder } from '../build/workspace.js';
import { createDeployActivities } from '../deploy/deploy.activities.js';
import { createGitOps } from '../deploy/gitops.git.adapter.js';
import { createProcessTarget } from '../deploy/process.target.js';
import { createTurnActivities } from '../deploy/turn.activities.js';
import { StoredLogs } from '../logs/stored.adapter.js';
import { groupedWrites } from '../logs/writer.js';
import { type Config, folders } from '../platform/config.js';
import type { Lifetime } from '../platform/lifetime.js';
import type { Log } from '../platform/logging.js';
import { OsvScanner } from '../scan/dependencies.adapter.js';
import { createScanActivities } from '../scan/scan.activities.js';
import { SecretlintScanner } from '../scan/secrets.adapter.js';
import { secretParts } from '../secrets/assemble.js';
import { giveSecrets } from '../secrets/give.js';
import { GitSource } from '../source/git.adapter.js';
import { createSourceActivities } from '../source/source.activities.js';
import { createRecordActivities } from '../store/record.activities.js';
import { recordsStep } from '../store/recorded.js';
import type { Store } from '../store/store.ports.js';
import { ticketParts } from '../tickets/assemble.js';
import { createExpireActivities } from '../upkeep/expire.activities.js';
import { createReach } from '../verify/reach.js';
import { createVerifyActivities } from '../verify/verify.activities.js';
import { createScanFiles } from './scan-files.js';

export interface WorkerParts {
  config: Config;
  store: Store;
  client: Client;
  life: Lifetime;
  log: Log;
}

/** What several areas use, one of each per process. */
async function sharedParts({ config, store, life, log }: WorkerParts) {
  const notice = (message: string): void => log.warn({ part: 'record' }, message);
  const place = folders(config.SLIPWAY_HOME);
  await sweepWorkspaces(place.work);
  const own = await workerFolder(place.work);
  const path = pathForSteps();
  const { executor, report } = await chooseExecutor({
    ...{ config, path, folder: own, repositories: place.git },
  });
  log.info({ part: 'executor' }, report.message);
  await writeFile(join(config.SLIPWAY_HOME, 'executor.json'), JSON.stringify(report));
  const trouble = (message: string) => log.warn({ part: 'workspaces' }, message);
  const workspaces = new Workspaces(own, trouble, executor.owner);
  life.atEnd('workspaces', () => workspaces.close());
  life.atEnd('executor', () => executor.close());
  const runs = groupedWrites(store.runs, { notice });
  return {
    place,
    workspaces,
    executor,
    path,
    record: { ...store, runs },
    logs: new StoredLogs(runs, notice),
    source: new GitSource({
      repositories: place.git,
      templates: join(own, 'templates'),
      owner: executor.owner,
    }),
    artifacts: new FilesArtifactStore(place.artifacts),
    caches: new FilesCacheStore(join(place.artifacts, 'caches')),
    url: async (repository: string, stage: string) =>
      (await store.stages.get(repository, stage))?.url ?? null,
  };
}

export async function assembleActivities(parts: WorkerParts): Promise<object> {
  const { config, store, client } = parts;
  const shared = await sharedParts(parts);
  const { record, logs, source, artifacts, url } = shared;
  const build = createBuildActivities({
    ...shared,
    maxOutputMib: config.SLIPWAY_STEP_OUTPUT_MIB,
    secrets: stepSecrets(parts),
    stageUrl: async (repository, stage) => (await url(repository, stage)) ?? undefined,
  });
  const { scan } = createScanActivities({
    files: createScanFiles(shared),
    scanners: [new SecretlintScanner(), new OsvScanner(config.SLIPWAY_OSV_DATA)],
    artifacts,
    logs,
  });
  const reach = createReach({ hosts: config.SLIPWAY_CHECK_HOSTS });
  const { checkStage } = createVerifyActivities({ stages: { url }, logs, reach });
  return {
    ...createRecordActivities(record),
    ...createSourceActivities(source),
    ...createDeployActivities({
      gitops: createGitOps(join(shared.place.git, 'gitops.git')),
      target: createProcessTarget(store.stages),
      store,
      logs,
    }),
    ...expireActivities(parts),
    ...createTurnActivities(client, { taskQueue: config.SLIPWAY_TASK_QUEUE }),
    runCommands: recordsStep(record, build.runCommands),
    buildArchive: recordsStep(record, build.buildArchive),
    scan: recordsStep(record, scan),
    checkStage: recordsStep(record, checkStage),
  };
}

function expireActivities({ config, store, life }: WorkerParts) {
  const { expiring, close } = ticketParts(config, store);
  life.atEnd('tickets', close);
  return createExpireActivities(store.chat, expiring);
}

function stepSecrets({ config, store }: WorkerParts): StepSecrets {
  const { source } = secretParts(config, store.secrets);
  return { give: (names, asker) => giveSecrets(source, names, asker) };
}
