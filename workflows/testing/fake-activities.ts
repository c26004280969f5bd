/** Every activity as a fake that says yes at once, and misbehaves on request. */
import type { BuildActivities } from '../../activities/build/build.activities.js';
import type { DeployActivities } from '../../activities/deploy/deploy.activities.js';
import type { TurnActivities } from '../../activities/deploy/turn.activities.js';
import type { ScanActivities } from '../../activities/scan/scan.activities.js';
import type { SourceActivities } from '../../activities/source/source.activities.js';
import type { RecordActivities } from '../../activities/store/record.activities.js';
import type { ExpireActivities } from '../../activities/upkeep/expire.activities.js';
import type { VerifyActivities } from '../../activities/verify/verify.activities.js';

export type AllActivities = BuildActivities &
  DeployActivities &
  TurnActivities &
  ScanActivities &
  SourceActivities &
  RecordActivities &
  ExpireActivities &
  VerifyActivities;

export const DIGEST = `sha256:${'a'.repeat(64)}`;

const yes = async () => ({ verdict: 'succeeded' as const });
const nothing = async () => {};

/** @param misbehaviour Activities that do something else. */
export function fakeActivities(misbehaviour: Partial<AllActivities> = {}): AllActivities {
  return {
    runCommands: yes,
    buildArchive: async ({ step }) => ({
      verdict: 'succeeded',
      artifact: { name: step.name, kind: 'archive', digest: DIGEST, bytes: 1, command: 'node .' },
    }),
    scan: async () => ({ verdict: 'succeeded', findings: { low: 2 }, summary: '2 low' }),
    checkStage: async () => ({ verdict: 'succeeded', summary: '1 check ok' }),
    pinRelease: async () => ({ outcome: 'pinned', revision: 'r1', releaseDigest: DIGEST }),
    awaitServing: yes,
    watchRelease: yes,
    putBack: async () => ({ outcome: 'putBack', revision: 'r2', servingDigest: DIGEST }),
    awaitPutBack: yes,
    observeStages: async ({ stages }) =>
      stages.map((stage) => ({ stage, digest: DIGEST, health: 'healthy', message: '' })),
    servingCommit: async () => null,
    summariseChange: async () => ({
      commits: [],
      change: { files: 0, insertions: 0, deletions: 0, paths: [] },
    }),
    takePlace: nothing,
    openRuns: async ({ runIds }) => runIds,
    openRun: nothing,
    recordRun: nothing,
    recordGate: nothing,
    recordDecision: nothing,
    closeGate: nothing,
    listApprovers: async () => ['ada', 'bob'],
    recordQueue: nothing,
    expire: async () => ({}),
    ...misbehaviour,
  };
}
