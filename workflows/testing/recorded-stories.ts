/** The stories that record.ts plays on a real server. Their histories are replayed by the tests. */
import { ApplicationFailure } from '@temporalio/common';
import type { Status } from '../domain/run.js';
import type { PlannedStep } from '../pipeline/plan.js';
import type { AllActivities } from './fake-activities.js';
import type { Players } from './players.js';

export interface Story {
  name: string;
  steps: PlannedStep[];
  ends: Status;
  /** An older run holds staging when it starts. */
  isOccupied?: boolean;
  activities?: Partial<AllActivities>;
  /** What people do while the run is in progress. */
  people?: (players: Players) => Promise<void>;
}

const test: PlannedStep = { name: 'test', kind: 'run', spec: { commands: ['npm ci', 'npm test'] } };
const image: PlannedStep = {
  name: 'image',
  kind: 'build',
  needs: ['test'],
  spec: { kind: 'archive', paths: ['dist'], command: 'node .' },
};
const scan: PlannedStep = { name: 'scan', kind: 'scan', needs: ['image'], spec: { of: 'image' } };
const staging: PlannedStep = {
  name: 'staging',
  kind: 'deploy',
  needs: ['scan'],
  spec: { release: ['image'], stage: 'staging' },
};
const integration: PlannedStep = {
  name: 'integration',
  kind: 'check',
  needs: ['staging'],
  spec: { stage: 'staging', http: [{ url: '/health' }], commands: ['npm run e2e'] },
};
const approve: PlannedStep = {
  name: 'approve',
  kind: 'approve',
  needs: ['integration'],
  spec: { stage: 'production', from: ['release-team'] },
};
const production: PlannedStep = {
  name: 'production',
  kind: 'deploy',
  needs: ['approve'],
  spec: { release: ['image'], stage: 'production', watchSeconds: 1 },
};
const report: PlannedStep = {
  name: 'report',
  kind: 'run',
  needs: ['production'],
  when: 'always',
  spec: { commands: ['./report.sh'] },
};
const delivery = [test, image, scan, staging, integration, approve, production, report];

const no = async () => ({ verdict: 'failed' as const, reason: 'GET /health answered 500' });

export const STORIES: Story[] = [
  { name: 'chain', ends: 'succeeded', steps: [test, image, scan] },
  {
    name: 'kept',
    ends: 'succeeded',
    steps: delivery,
    people: (players) => players.decide('approve', { answer: 'approve', by: 'ada' }),
  },
  {
    name: 'rejected',
    ends: 'rolledBack',
    steps: delivery,
    people: (players) =>
      players.decide('approve', { answer: 'reject', by: 'ada', reason: 'too slow' }),
  },
  {
    name: 'expired',
    ends: 'rolledBack',
    steps: delivery.map((s) => (s.name === 'approve' ? { ...s, timeoutSeconds: 1 } : s)),
  },
  { name: 'failed-check', ends: 'rolledBack', steps: delivery, activities: { checkStage: no } },
  {
    name: 'failed-watch',
    ends: 'rolledBack',
    steps: [test, image, { ...production, needs: ['image'] }],
    activities: { watchRelease: no },
  },
  {
    name: 'errored',
    ends: 'errored',
    steps: [{ ...test, retry: { attempts: 2, on: ['errored'] } }, image],
    activities: {
      runCommands: async () => {
        throw ApplicationFailure.create({
          message: 'no space left on the disk',
          type: 'StepErrored',
        });
      },
    },
  },
  {
    name: 'superseded',
    ends: 'superseded',
    steps: delivery,
    activities: {
      pinRelease: async () => ({ outcome: 'superseded', reason: 'run 7 is there already' }),
    },
  },
  {
    name: 'not-put-back',
    ends: 'errored',
    steps: delivery,
    activities: {
      checkStage: no,
      putBack: async () => {
        throw ApplicationFailure.nonRetryable('the repository is read-only', 'StepErrored');
      },
    },
  },
  {
    name: 'cancelled',
    ends: 'cancelled',
    steps: delivery,
    people: (players) => players.cancelAt('approve'),
  },
  {
    name: 'cancelled-in-temporal',
    ends: 'cancelled',
    steps: delivery,
    people: (players) => players.cancelInTemporalAt('approve'),
  },
  {
    name: 'told-much',
    ends: 'succeeded',
    steps: [
      test,
      ...['a', 'b', 'c'].map(
        (letter): PlannedStep => ({
          name: `reader-${letter}`,
          kind: 'run',
          needs: ['test'],
          env: { NOTES: '${{ steps.test.outputs.notes }}' },
          spec: { commands: ['./read.sh'] },
        }),
      ),
    ],
    activities: {
      runCommands: async ({ step }) =>
        step.name === 'test'
          ? { verdict: 'succeeded', outputs: { notes: 'n'.repeat(4_000) } }
          : { verdict: 'succeeded' },
    },
  },
  {
    name: 'queued',
    ends: 'succeeded',
    steps: [test, image, { ...staging, needs: ['image'] }],
    isOccupied: true,
    people: (p) => p.standInTheWay(),
  },
];
