import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createAudit } from './audit.store.js';
import { openDataSource, poolOf } from './data-source.js';
import { type Db, overPool } from './db.js';
import { createGates } from './gates.store.js';
import { createRepositories } from './repositories.store.js';
import { createRuns } from './runs.store.js';
import { createStages } from './stages.store.js';
import type { RunFilter } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';
import { fillMany, MANY } from './testing.many.js';
import { dearOf, type Look, looksOf } from './testing.plans.js';
import { at } from './testing.runs.js';
import { createUsers } from './users.store.js';

// A record of a million rows: what the store asks of it must cost what it returns, not what there is.
// Rows that were looked at are counted; no time is measured.

/** These grow without end; the others hold people and settings. */
const GROWING = ['runs', 'steps', 'log_chunks', 'gates', 'decisions', 'audit', 'releases'];
GROWING.push('stage_history', 'pushes', 'tokens');
/** A page, and what finding its end may cost on top. */
const LIMIT = 50;
const MOST_ROWS = 5 * LIMIT;

let postgres: ThrowAway;
let source: DataSource;
let stores: ReturnType<typeof storesOf>;

function storesOf(db: Db, on: DataSource) {
  return {
    runs: createRuns(db),
    gates: createGates(db),
    stages: createStages(db),
    repositories: createRepositories(db, on),
    users: createUsers(db, on),
    audit: createAudit(db, on),
  };
}

beforeAll(async () => {
  postgres = await throwAwayPostgres();
  source = await openDataSource({ url: postgres.url });
  stores = storesOf(overPool(poolOf(source)), source);
  await fillMany(postgres);
}, 600_000);
afterAll(async () => {
  await source?.destroy();
  await postgres?.remove();
});

type Asking = (on: typeof stores) => Promise<unknown>;

async function growing(ask: Asking): Promise<Look[]> {
  const looks = await looksOf(poolOf(source), () => ask(stores));
  expect(looks).not.toEqual([]);
  return looks.filter(({ table }) => GROWING.includes(table));
}

const runs =
  (filter: Omit<RunFilter, 'limit'>): Asking =>
  (on) =>
    on.runs.list({ ...filter, limit: LIMIT });
/** The second page of the same list. */
const onward =
  (filter: Omit<RunFilter, 'limit'>): Asking =>
  async (on) => {
    const { next } = await on.runs.list({ ...filter, limit: LIMIT });
    await on.runs.list({ ...filter, limit: LIMIT, ...(next && { cursor: next }) });
  };
const { busiest, usual, rareBranch, rarePipeline } = MANY;
const oldest = 'c4ca4238a0b923820dcc509a6f75849b00000000';

const LISTS: [string, Asking][] = [
  ['all runs', onward({})],
  ['the runs of a repository that has half of all', onward({ repository: busiest })],
  ['the runs of a usual repository', onward({ repository: usual })],
  ['the runs that wait', onward({ status: 'waiting' })],
  ['the runs that are running', runs({ status: 'running' })],
  ['the failed runs of a repository', onward({ repository: busiest, status: 'failed' })],
  ['what was superseded, which is none', runs({ status: 'superseded' })],
  ['the runs of a branch', onward({ branch: 'main' })],
  ['the runs of a branch that has three old ones', runs({ branch: rareBranch })],
  ['the same in its repository', runs({ repository: busiest, branch: rareBranch })],
  ['a branch of a repository', onward({ repository: usual, branch: 'main' })],
  ['the runs of a pipeline that ran three times', runs({ pipeline: rarePipeline })],
  ['the same in its repository', runs({ repository: busiest, pipeline: rarePipeline })],
  ['the run of a commit', runs({ commit: oldest })],
  ['the run of a commit of a repository', runs({ repository: busiest, commit: oldest })],
  ['the run of a commit that failed', runs({ commit: oldest, status: 'failed' })],
  ['open gates', (on) => on.gates.list({ state: 'open', limit: LIMIT })],
  ['closed gates', (on) => on.gates.list({ state: 'closed', limit: LIMIT })],
  ['all gates', (on) => on.gates.list({ limit: LIMIT })],
  ['the gates of a run', (on) => on.gates.list({ runId: 'run-50', limit: LIMIT })],
  [
    'the open gates after a page',
    async (on) => {
      const { next } = await on.gates.list({ state: 'open', limit: LIMIT });
      await on.gates.list({ state: 'open', limit: LIMIT, ...(next && { cursor: next }) });
    },
  ],
  ['releases', (on) => on.stages.releases({ limit: LIMIT })],
  ['releases of a repository', (on) => on.stages.releases({ repository: usual, limit: LIMIT })],
  [
    'the history of a stage, after a page',
    async (on) => {
      const asked = { repository: usual, stage: 'stage-1', limit: LIMIT };
      const { next } = await on.stages.history(asked);
      await on.stages.history({ ...asked, ...(next && { cursor: next }) });
    },
  ],
  [
    'the audit log, after a page',
    async (on) => {
      const { next } = await on.audit.list({ limit: LIMIT });
      await on.audit.list({ limit: LIMIT, ...(next && { cursor: next }) });
    },
  ],
  ['pushes that are not settled', (on) => on.repositories.unsettledPushes()],
  ['the same of a repository', (on) => on.repositories.unsettledPushes(usual)],
  ['the tokens of a user', (on) => on.users.tokens({ login: 'user-7', limit: LIMIT })],
  [
    'the tokens of everybody, after a page',
    async (on) => {
      const { next } = await on.users.tokens({ limit: LIMIT });
      await on.users.tokens({ limit: LIMIT, ...(next && { cursor: next }) });
    },
  ],
];

const LOOKUPS: [string, Asking][] = [
  ['a run', (on) => on.runs.get('run-77')],
  ['the steps of a run', (on) => on.runs.steps('run-77')],
  ['what happened in a run after a position', (on) => on.runs.eventsAfter('run-77', 60, LIMIT)],
  ['its log after a position', (on) => on.runs.logs({ runId: 'run-77', after: 60, limit: LIMIT })],
  [
    'the log of a step after a position',
    (on) => on.runs.logs({ runId: 'run-77', step: 'step-2', after: 60, limit: LIMIT }),
  ],
  ['a gate with its decisions', (on) => on.gates.get('run-50', 'approve')],
  ['a release', (on) => on.stages.release('sha256:77')],
  ['the token of a request', (on) => on.users.byTokenHash(Buffer.alloc(32))],
  [
    'the change of a step, a line of its log, and the end of the run',
    (on) => {
      const step = { runId: 'run-99999', name: 'step-2', status: 'failed', at: at(1) } as const;
      const log = { runId: 'run-99999', step: 'step-2', attempt: 1, text: 'x', at: at(1) };
      return on.runs.write({
        runs: [{ runId: 'run-99999', status: 'running', reason: 'x', at: at(1) }],
        steps: [step, { ...step, runId: 'run-99998' }],
        logs: [{ ...log, stream: 'stdout' }],
      });
    },
  ],
  ['the answer to a gate', (on) => on.gates.close('run-50', 'approve', 'approved', null)],
  ['the end of a push', (on) => on.repositories.settlePush('3000', 'accepted')],
];

describe.each([
  ['a page of', LISTS],
  ['looking up', LOOKUPS],
])('%s', (_how, asked) => {
  it.each(asked)(
    '%s is found by an index, and looks at little more than it shows',
    async (_what, ask) => {
      const looks = await growing(ask);
      expect(dearOf(looks, MOST_ROWS)).toEqual([]);
    },
  );
});

describe('how much is queued', () => {
  it('is counted among what is open, not among all that there was', async () => {
    const looks = await growing((on) => on.runs.load(usual));
    const open = MANY.openRuns;
    expect(dearOf(looks, open)).toEqual([]);
  });
});
