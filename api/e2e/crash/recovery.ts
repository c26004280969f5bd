/** How long it takes from a kill until work goes on, by what the victim is for. */
import { type Client, QueryNotRegisteredError } from '@temporalio/client';
import { eventually } from '../harness/eventually.js';
import { type AnswersPulse, answersGoOn, answersOf, speaksAgain } from './chat/recovery.js';
import type { Killed, Victim } from './victims.js';
import type { World } from './world.js';

/** Goals. Of PostgreSQL and Temporal from the moment on at which they answer again. Milliseconds. */
export const GOALS_MS: { [name in Exclude<Victim, 'step'>]: number } = {
  worker: 10_000,
  engine: 10_000,
  api: 3_000,
  reconciler: 3_000,
  postgres: 15_000,
  temporal: 15_000,
};
/** After this long a victim counts as lost. Milliseconds. */
const LIMIT_MS = 90_000;
/** Of one question. */
const ASK_MS = 1_000;

export interface Recovery {
  /** From the kill, or the return of a part, until work goes on. */
  ms: number;
  /** From the kill until the part answers again; only of PostgreSQL and Temporal. */
  awayMs?: number;
}

/** What is to be seen moving after a kill; taken right after it. */
export interface Pulse {
  /** Runs that had not ended, and their positions together. */
  live: string[];
  position: number;
  /** Whether a step was in progress, so that something can move without people. */
  isWorking: boolean;
  answers: AnswersPulse;
}

export async function pulseOf(world: World): Promise<Pulse> {
  const rows = await world.record.rows<{ id: string; position: number; working: boolean }>(
    `SELECT id, position, status = 'running' AS working FROM runs
      WHERE status IN ('pending', 'running', 'waiting')`,
  );
  return {
    live: rows.map(({ id }) => id),
    position: rows.reduce((sum, { position }) => sum + position, 0),
    isWorking: rows.some(({ working }) => working),
    answers: await answersOf(world),
  };
}

/**
 * Resolves when what the victim does is done again. Undefined when it had nothing to do.
 *
 * @throws when it is not within 90 s.
 */
export async function recovery(
  world: World,
  killed: Killed,
  pulse: Pulse,
): Promise<Recovery | undefined> {
  const since = (startMs: number): Recovery => ({ ms: performance.now() - startMs });
  switch (killed.victim) {
    case 'step':
      return undefined;
    case 'worker':
      if (!pulse.isWorking) return undefined;
      await moves(world, pulse);
      return since(killed.atMs);
    case 'engine':
      if (pulse.answers.live.length === 0) return undefined;
      await speaksAgain(world, killed.pid, LIMIT_MS);
      return since(killed.atMs);
    case 'api':
      await ready(world);
      return since(killed.atMs);
    case 'reconciler':
      if (!(await isObserved(world, killed))) return undefined;
      return since(killed.atMs);
    case 'postgres':
    case 'temporal':
      return afterReturn(world, killed, pulse);
  }
}

async function afterReturn(world: World, killed: Killed, pulse: Pulse): Promise<Recovery> {
  const answers = killed.victim === 'postgres' ? () => world.record.answers() : temporalAnswers;
  await within(`${killed.victim} answers`, () => answers(world.temporal));
  const backMs = performance.now();
  await ready(world);
  if (killed.victim === 'postgres' && pulse.isWorking) await moves(world, pulse);
  if (killed.victim === 'postgres') await answersGoOn(world, pulse.answers, LIMIT_MS);
  if (killed.victim === 'temporal') await repliesToQueries(world, pulse);
  return { ms: performance.now() - backMs, awayMs: backMs - killed.atMs };
}

/** A run, a step or a log got something new, or the runs have ended. */
async function moves(world: World, { live, position }: Pulse): Promise<void> {
  await within('a run goes on', async () => {
    const [now] = await world.record.rows<{ position: number }>(
      'SELECT sum(position)::bigint AS position FROM runs WHERE id = ANY($1)',
      [live],
    );
    return (now?.position ?? 0) > position;
  });
}

async function ready({ stack }: World): Promise<void> {
  await within('the API is ready', async () => {
    const answer = await fetch(`${stack.url}/health/ready`, {
      signal: AbortSignal.timeout(ASK_MS),
    });
    await answer.arrayBuffer();
    return answer.ok;
  });
}

/** A query needs the server and a worker that takes its tasks; a run that ended answers, too. */
async function repliesToQueries({ temporal }: World, { live }: Pulse): Promise<void> {
  const [runId] = live;
  if (runId === undefined) return;
  await within(`${runId} answers a query`, () =>
    temporal.withDeadline(Date.now() + ASK_MS, async () => {
      try {
        await temporal.workflow.getHandle(runId).query('state');
      } catch (error) {
        if (!(error instanceof QueryNotRegisteredError)) throw error;
      }
      return true;
    }),
  );
}

async function temporalAnswers(temporal: Client): Promise<boolean> {
  await temporal.withDeadline(Date.now() + ASK_MS, () =>
    temporal.workflowService.getSystemInfo({}),
  );
  return true;
}

/** False when there is no stage to be observed. */
async function isObserved({ record }: World, { atMs }: Killed): Promise<boolean> {
  const [any] = await record.rows('SELECT 1 FROM stages WHERE url IS NOT NULL');
  if (any === undefined) return false;
  await within('the stages are observed again', async () => {
    const sinceKillMs = performance.now() - atMs;
    const rows = await record.rows(
      `SELECT 1 FROM stages WHERE observed_at > now() - make_interval(secs => $1) LIMIT 1`,
      [sinceKillMs / 1_000],
    );
    return rows.length > 0;
  });
  return true;
}

function within(what: string, probe: () => Promise<boolean>): Promise<boolean> {
  return eventually(what, probe, LIMIT_MS);
}
