/** Makes every stage of this machine follow the GitOps repository, and tells the store what it sees. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StagesStore } from '../../store/store.ports.js';
import { BareRepository } from '../git.repository.js';
import { follow } from './follower.js';
import { takeLock } from './lock.js';
import { endGroup, groupsWith } from './processes.js';
import { Reporter } from './reporter.js';
import { Stage, type StagePlace } from './stage.js';
import { readStage } from './state.js';
import { type Wanted, WantedReader } from './wanted.js';

const SILENT_LOOKS = 10;

export interface ReconcilerOptions {
  /** Absolute folder of all state. */
  home: string;
  stages: Pick<StagesStore, 'observe'>;
  say: (line: string) => void;
  /** An instance that does not answer so many looks in a row is started again. Default 10 (30 s). */
  silentLooks?: number;
}

export interface Reconciler {
  /** @param endInstances false: instances go on, and are adopted by the next reconciler. */
  stop(options: { endInstances: boolean }): Promise<void>;
}

/**
 * Resolves when what still runs is adopted, and Git was read once.
 *
 * @throws {Error} when another reconciler works on this home.
 */
export async function startReconciler(options: ReconcilerOptions): Promise<Reconciler> {
  const { home, say, silentLooks = SILENT_LOOKS } = options;
  const root = join(home, 'stages');
  const unlock = takeLock(join(root, 'reconciler.lock'));
  const reporter = new Reporter(options.stages, say);
  const stages = new Map<string, Stage>();
  const events = { say, report: reporter.tell.bind(reporter) };

  const stageOf = async (repository: string, name: string): Promise<Stage> => {
    const key = `${repository}/${name}`;
    const known = stages.get(key);
    if (known) return known;
    const folder = join(root, repository, name);
    const artifacts = join(home, 'artifacts');
    const place: StagePlace = { repository, name, folder, artifacts, silentLooks };
    const opened = await Stage.open(place, events);
    stages.set(key, opened);
    return opened;
  };

  for (const [repository, name] of await known(root)) await stageOf(repository, name);
  await endStrays(root, [...stages.values()]);

  const gitops = new BareRepository(join(home, 'git', 'gitops.git'));
  const reader = new WantedReader(gitops);
  const moved = async (head: string): Promise<void> => {
    const all = await reader.at(head);
    for (const wanted of all.values()) {
      (await stageOf(wanted.repository, wanted.stage)).want(wanted);
    }
    for (const [key, stage] of stages) if (!all.has(key)) stage.want(nothing(key, head));
  };
  const unfollow = await follow(gitops, moved, say);

  return {
    stop: async ({ endInstances }) => {
      unfollow();
      await Promise.all([...stages.values()].map((stage) => stage.stop({ endInstances })));
      await reporter.close();
      unlock();
    },
  };
}

/** Git does not know the stage any more. */
function nothing(key: string, revision: string): Wanted {
  const [repository = '', stage = ''] = key.split('/');
  return { repository, stage, revision, release: null };
}

/** Stages that a reconciler before this one has served. */
async function known(root: string): Promise<[repository: string, stage: string][]> {
  const stages: [string, string][] = [];
  for (const repository of await foldersOf(root)) {
    for (const stage of await foldersOf(join(root, repository))) {
      if (readStage(join(root, repository, stage)).port !== 0) stages.push([repository, stage]);
    }
  }
  return stages;
}

async function foldersOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** A reconciler killed between starting an instance and writing it down leaves one that nobody knows. */
async function endStrays(root: string, stages: Stage[]): Promise<void> {
  const ours = new Set(stages.flatMap((stage) => stage.groups));
  const strays = groupsWith('SLIPWAY_ARTIFACTS', `${root}/`).filter(({ pid }) => !ours.has(pid));
  await Promise.all(strays.map((stray) => endGroup(stray, 0)));
}
