/** What is played while processes are killed: an input each, and how its runs may end. */
import { chat } from './chat/scenario.js';
import { chain, delivery } from './pipelines.js';
import type { Player } from './player.js';
import type { Victim } from './victims.js';
import type { World } from './world.js';

/** A run of the play, and the statuses in which it may end when nobody kills its steps. */
export interface Expected {
  runId: string;
  statuses: string[];
  /** Least number of histories that it went through. */
  generations?: number;
}

export interface Scenario {
  name: string;
  /** Changes of status that are followed: the killer may choose each of them as its moment. */
  boundaries: number;
  /** Longest seeded delay before a kill, milliseconds: about the time that the play takes. */
  longestMs: number;
  /** Who may be killed; one that is named twice is chosen twice as often. Default: all but engines. */
  victims?: readonly Victim[];
  /** What must be there before, and is not killed. Repeatable. */
  prepare?: (world: World) => Promise<void>;
  /** What `boundaries` counts, where that is not changes of steps. */
  changes?: (world: World) => Promise<number>;
  /** Begins on a repository that this scenario may have used before. `version` is new each time. */
  play: (player: Player, version: string) => Promise<Expected[]>;
}

const GATE = 'from: [ann, bob]';

const green: Scenario = {
  name: 'green',
  boundaries: 9,
  longestMs: 3_000,
  play: async (player, version) => {
    const runId = await pushed(player, version);
    await player.ends(runId);
    return [{ runId, statuses: ['succeeded'] }];
  },
};

const failingCheck: Scenario = {
  name: 'failing-check',
  boundaries: 8,
  longestMs: 3_000,
  play: async (player, version) => {
    const runId = await pushed(player, version, { broken: true });
    await player.ends(runId);
    return [{ runId, statuses: ['rolledBack'] }];
  },
};

const approval: Scenario = {
  name: 'approval',
  boundaries: 11,
  longestMs: 4_000,
  play: async (player, version) => {
    const runId = await pushed(player, version, {}, { from: GATE, required: 2 });
    if (await player.reaches(runId, 'ask', 'waiting')) {
      await player.vote(runId, 'ann', 'approve');
      await player.vote(runId, 'bob', 'approve');
    }
    await player.ends(runId);
    return [{ runId, statuses: ['succeeded'] }];
  },
};

const rejection: Scenario = {
  name: 'rejection',
  boundaries: 10,
  longestMs: 3_500,
  play: async (player, version) => {
    const runId = await pushed(player, version, {}, { from: GATE });
    if (await player.reaches(runId, 'ask', 'waiting')) await player.vote(runId, 'bob', 'reject');
    await player.ends(runId);
    return [{ runId, statuses: ['rolledBack'] }];
  },
};

/** Two pushes and a start by hand. One that comes late, because its launch was delayed, is superseded. */
const queue: Scenario = {
  name: 'queue',
  boundaries: 28,
  longestMs: 6_000,
  play: async (player, version) => {
    const first = await pushed(player, `${version}a`);
    const second = await pushed(player, `${version}b`);
    const third = await player.start();
    for (const runId of [first, second, third]) await player.ends(runId);
    return [first, second, third].map((runId) => ({
      runId,
      statuses: ['succeeded', 'superseded'],
    }));
  },
};

const cancelled: Scenario = {
  name: 'cancel',
  boundaries: 5,
  longestMs: 3_000,
  play: async (player, version) => {
    const runId = await pushed(player, version, { slowMs: 4_000 });
    const isDeploying = await player.reaches(runId, 'staging', 'running');
    const wasInTime = isDeploying && (await player.cancel(runId));
    await player.ends(runId);
    return [{ runId, statuses: [wasInTime ? 'cancelled' : 'succeeded'] }];
  },
};

const watch: Scenario = {
  name: 'watch',
  boundaries: 11,
  longestMs: 5_000,
  play: async (player, version) => {
    const sickWhen = `${player.world.folder}/${version}-is-sick`;
    const gate = { from: GATE, watch: '90s' };
    const runId = await pushed(player, version, { sickWhen }, gate);
    if (await player.reaches(runId, 'ask', 'waiting')) {
      await player.vote(runId, 'ann', 'approve');
      if (await player.reaches(runId, 'production', 'running')) {
        await player.serves(runId, 'production', version);
        await player.mark(sickWhen);
      }
    }
    await player.ends(runId);
    return [{ runId, statuses: ['rolledBack'] }];
  },
};

const longChain: Scenario = {
  name: 'continue-as-new',
  boundaries: 60,
  longestMs: 6_000,
  play: async (player, version) => {
    const files = { ...chain(player.world.effects, 45), version };
    const runId = await player.push(files).then((commit) => player.mustRun(commit));
    await player.ends(runId);
    return [{ runId, statuses: ['succeeded'], generations: 2 }];
  },
};

/** Played while the same is played on a stack beside it, where nobody kills: see campaign.ts. */
const neighbours: Scenario = { ...green, name: 'two-stacks' };

export const SCENARIOS: readonly Scenario[] = [
  green,
  failingCheck,
  approval,
  rejection,
  queue,
  cancelled,
  watch,
  longChain,
  neighbours,
  chat,
];

async function pushed(
  player: Player,
  version: string,
  app: { broken?: boolean; slowMs?: number; sickWhen?: string } = {},
  gate?: Parameters<typeof delivery>[0]['gate'],
): Promise<string> {
  const { effects } = player.world;
  const files = delivery({ effects, app: { version, ...app }, ...(gate && { gate }) });
  return player.mustRun(await player.push(files));
}
