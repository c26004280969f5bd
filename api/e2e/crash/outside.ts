/** What is true after a scenario, read from outside: PostgreSQL, Temporal, Git, the stages' ports, marks. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../client/client.js';
import { eventually } from '../harness/eventually.js';
import { finish } from '../harness/process.js';
import { type ChatFacts, lookAtChat } from './chat/outside.js';
import type { ChatSaid } from './chat/said.js';
import { type RunHistory, readHistories, type VoteHistory } from './histories.js';
import { stepProcesses } from './victims.js';
import type { World } from './world.js';

export interface RunFact {
  id: string;
  commit: string;
  order: number;
  kind: string;
  status: string;
  reason: string | null;
  /** Of the record's last event. */
  position: number;
  /** The greatest one that a step or a piece of log holds. */
  highest: number;
}
export interface StepFact {
  runId: string;
  name: string;
  kind: string;
  status: string;
  reason: string | null;
  attempts: number;
}
/** All that one attempt of a step wrote to one stream, in the order of the record. */
export interface LogFact {
  runId: string;
  step: string;
  attempt: number;
  text: string;
}
export interface DecisionFact {
  runId: string;
  step: string;
  login: string;
  answer: string;
}
/** A commit of the GitOps repository, by its trailers. */
export interface CommitFact {
  kind: string;
  runId: string;
  step: string;
  stage: string;
}
/** A line that a step wrote outside; `token` names the attempt. */
export interface Mark {
  runId: string;
  step: string;
  token: string;
  word: string;
}
export interface ServingFact {
  stage: string;
  /** What its port answers; null when nothing answers well. */
  text: string | null;
}

export interface Facts {
  runs: RunFact[];
  steps: StepFact[];
  logs: LogFact[];
  decisions: DecisionFact[];
  /** Pushes that are neither accepted nor dropped, though there was time for it. */
  unsettled: number;
  /** Newest first. */
  commits: CommitFact[];
  /** In the order in which they were written. */
  marks: Mark[];
  serving: ServingFact[];
  histories: RunHistory[];
  votes: VoteHistory[];
  /** Processes of steps that still run. */
  strays: string[];
  chat: ChatFacts;
}

/** A push that Git did not carry out is dropped after a minute. */
const SETTLED_AFTER_SECONDS = 90;
/** How long processes of steps may outlive their runs: a launcher whose worker died takes 3 s. */
const STRAY_LIMIT_MS = 10_000;

/** Whose runs, and who said what to whom. */
export interface Of {
  repository: string;
  said: ChatSaid;
  people: ReadonlyMap<string, Client>;
}

export async function lookAt(world: World, { repository, said, people }: Of): Promise<Facts> {
  const [runs, steps, logs, decisions, unsettled] = await recorded(world, repository);
  const ids = new Set(runs.map(({ id }) => id));
  const gates = [...steps.filter(({ kind }) => kind === 'approve')];
  return {
    runs,
    steps,
    logs,
    decisions,
    unsettled,
    commits: (await gitops(world)).filter(({ runId }) => ids.has(runId)),
    marks: (await marks(world)).filter(({ runId }) => ids.has(runId)),
    serving: await serving(world, repository),
    ...(await readHistories(world.temporal, { runs: [...ids], gates })),
    strays: await strays(world),
    chat: await lookAtChat(world, said, people),
  };
}

async function recorded({ record }: World, repository: string) {
  const of = [repository];
  const runOf = 'run_id IN (SELECT id FROM runs WHERE repository = $1)';
  return Promise.all([
    record.rows<RunFact>(
      `SELECT id, commit, "order", trigger->>'kind' AS kind, status, reason, position,
              greatest((SELECT max(position) FROM steps WHERE run_id = id),
                       (SELECT max(position) FROM log_chunks WHERE run_id = id)) AS highest
         FROM runs WHERE repository = $1 ORDER BY "order"`,
      of,
    ),
    record.rows<StepFact>(
      `SELECT run_id AS "runId", name, kind, status, reason, attempts FROM steps WHERE ${runOf}
        ORDER BY run_id, index`,
      of,
    ),
    record.rows<LogFact>(
      `SELECT run_id AS "runId", step, attempt, string_agg(text, '' ORDER BY position) AS text
         FROM log_chunks WHERE stream = 'stdout' AND ${runOf}
        GROUP BY run_id, step, attempt ORDER BY run_id, step, attempt`,
      of,
    ),
    record.rows<DecisionFact>(
      `SELECT run_id AS "runId", step, login, answer FROM decisions WHERE ${runOf}`,
      of,
    ),
    record
      .rows(
        `SELECT id FROM pushes WHERE repository = $1 AND state = 'received'
            AND created_at < now() - make_interval(secs => ${SETTLED_AFTER_SECONDS})`,
        of,
      )
      .then(({ length }) => length),
  ] as const);
}

async function gitops({ stack }: World): Promise<CommitFact[]> {
  const repository = join(stack.home, 'git', 'gitops.git');
  if (!existsSync(repository)) return []; // Nothing was ever deployed.
  const trailers = ['Kind', 'Run-Id', 'Step', 'Stage'];
  const fields = trailers.map((name) => `%(trailers:key=${name},valueonly,separator=)`);
  const { code, stdout, stderr } = await finish('git', [
    `--git-dir=${repository}`,
    'log',
    '--all',
    `--format=${fields.join('%x09')}`,
  ]);
  if (code !== 0) throw new Error(`the GitOps repository cannot be read: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [kind = '', runId = '', step = '', stage = ''] = line.split('\t');
      return { kind, runId, step, stage };
    });
}

async function marks({ effects }: World): Promise<Mark[]> {
  const text = await readFile(effects, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [runId = '', step = '', token = '', word = ''] = line.split(' ');
      return { runId, step, token, word };
    });
}

async function serving({ record }: World, repository: string): Promise<ServingFact[]> {
  const stages = await record.rows<{ stage: string; url: string | null }>(
    'SELECT name AS stage, url FROM stages WHERE repository = $1 ORDER BY name',
    [repository],
  );
  return Promise.all(
    stages.map(async ({ stage, url }) => ({ stage, text: url === null ? null : await ask(url) })),
  );
}

async function ask(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

async function strays({ stack }: World): Promise<string[]> {
  const found = async () =>
    (await stepProcesses(stack.home)).map(({ pid, runId, name }) => `${pid} of ${runId} ${name}`);
  try {
    await eventually('no step runs', async () => (await found()).length === 0, STRAY_LIMIT_MS);
    return [];
  } catch {
    return found();
  }
}
