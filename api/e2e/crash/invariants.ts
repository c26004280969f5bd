/** What must be true after every scenario, whatever was killed. Pure: facts in, sentences out. */
import { chatViolations } from './chat/invariants.js';
import type { Facts, StepFact } from './outside.js';
import type { Said } from './player.js';
import type { Expected } from './scenarios.js';
import type { Killed } from './victims.js';

export interface Play {
  expected: Expected[];
  said: Said;
  killed: Killed[];
  /** What the application of a commit answers. */
  versions: ReadonlyMap<string, string>;
}

type Check = (facts: Facts, play: Play) => string[];

const CHECKS: readonly Check[] = [
  runsEndRight,
  acknowledgedIsThere,
  temporalAgrees,
  deploysAreCommittedOnce,
  approvalsCountOnce,
  effectsAreReported,
  logsAreWhole,
  stagesServeTheRecord,
  nothingIsLeft,
  chatIsWhole,
];

/** Every violation as a sentence; empty when all is well. */
export function violationsOf(facts: Facts, play: Play): string[] {
  return CHECKS.flatMap((check) => check(facts, play));
}

function runsEndRight({ runs, steps }: Facts, { expected, killed }: Play): string[] {
  return expected.flatMap(({ runId, statuses }) => {
    const run = runs.find(({ id }) => id === runId);
    if (run === undefined) return [`${runId} is not in the record`];
    const said = `${runId} is ${run.status} (${run.reason ?? 'no reason'})`;
    if (statuses.includes(run.status)) return [];
    const of = steps.filter((step) => step.runId === runId);
    // The same commit again, whose release an earlier run put back after such a no.
    const isKnownBad = killed.some(({ step }) => step !== undefined);
    if (isKnownBad && of.some(({ reason }) => / was rejected on /.test(reason ?? ''))) return [];
    const no = of.find((step) => wasKilled(step, killed));
    const isNo = run.status === 'failed' || run.status === 'rolledBack';
    if (isNo && no?.status === 'failed' && /SIGKILL|137/.test(no.reason ?? '')) return [];
    return [`${said}, not ${statuses.join(' or ')}`];
  });
}

/** A step whose process got kill -9 may say no: for it that is a command that failed. */
function wasKilled({ runId, name }: StepFact, killed: Killed[]): boolean {
  return killed.some(({ step }) => step?.runId === runId && step.name === name);
}

function acknowledgedIsThere({ runs, unsettled }: Facts, { said }: Play): string[] {
  const found: string[] = [];
  for (const commit of said.pushed) {
    const of = runs.filter((run) => run.commit === commit && run.kind === 'push');
    if (of.length !== 1) found.push(`the push of ${commit.slice(0, 7)} has ${of.length} runs`);
  }
  const { acknowledged, tried } = said.starts;
  for (const id of acknowledged) {
    if (!runs.some((run) => run.id === id))
      found.push(`${id} was started by hand and is not there`);
  }
  if (new Set(acknowledged).size !== acknowledged.length) found.push('two starts are one run');
  const byHand = runs.filter((run) => run.kind === 'manual' && run.order > said.after).length;
  if (tried > 0 && byHand > tried) found.push(`${byHand} runs by hand after ${tried} tries`);
  if (unsettled > 0) found.push(`${unsettled} pushes are neither accepted nor dropped`);
  return found;
}

function temporalAgrees({ runs, histories }: Facts, { expected }: Play): string[] {
  return histories.flatMap(({ runId, closed, status, generations, mistakes }) => {
    const found = mistakes.map((mistake) => `${runId}: a workflow task failed: ${mistake}`);
    const run = runs.find(({ id }) => id === runId);
    if (closed !== 'COMPLETED') found.push(`${runId} is ${closed} in Temporal`);
    else if (run?.status !== status) {
      found.push(`${runId} is ${run?.status} in the record and ${status} in Temporal`);
    }
    const least = expected.find((each) => each.runId === runId)?.generations ?? 1;
    if (run?.status === 'succeeded' && generations < least) {
      found.push(`${runId} went through ${generations} histories, not ${least} or more`);
    }
    return found;
  });
}

function deploysAreCommittedOnce({ runs, steps, commits }: Facts): string[] {
  const found: string[] = [];
  for (const step of steps.filter(({ kind }) => kind === 'deploy')) {
    const of = (kinds: string[]) =>
      commits.filter(
        (c) => c.runId === step.runId && c.step === step.name && kinds.includes(c.kind),
      ).length;
    const name = `${step.runId} ${step.name} (${step.status})`;
    const deploys = of(['deploy']);
    const undone = of(['putBack', 'emptied', 'passedOn']);
    const stands = step.status === 'succeeded';
    if (deploys > 1) found.push(`${name} has ${deploys} deploy commits`);
    if (undone > 1) found.push(`${name} has ${undone} put-back commits`);
    if (stands && deploys !== 1) found.push(`${name} has no deploy commit`);
    if (stands && undone !== 0) found.push(`${name} stands, and was put back`);
    if (!stands && deploys > undone) found.push(`${name} was deployed and not put back`);
  }
  for (const stage of new Set(commits.map((c) => c.stage))) {
    const orders = commits
      .filter((c) => c.stage === stage && c.kind === 'deploy')
      .map(({ runId }) => runs.find(({ id }) => id === runId)?.order ?? 0);
    const isFalling = orders.every((order, i) => i === 0 || order < (orders[i - 1] ?? 0));
    if (!isFalling) found.push(`${stage} was deployed to out of order: ${orders.reverse().join()}`);
  }
  return found;
}

function approvalsCountOnce({ decisions, votes }: Facts, { said }: Play): string[] {
  const found: string[] = [];
  for (const { runId, login, answer } of said.votes) {
    const rows = decisions.filter((row) => row.runId === runId && row.login === login);
    if (rows.length !== 1 || rows[0]?.answer !== answer) {
      found.push(`${login} said ${answer} to ${runId}; the record has ${JSON.stringify(rows)}`);
    }
    const accepted = votes.find((vote) => vote.runId === runId)?.accepted.get(login) ?? 0;
    if (accepted !== 1) found.push(`the gate of ${runId} accepted ${accepted} votes of ${login}`);
  }
  const isSaid = (row: { runId: string; login: string }) =>
    said.votes.some((vote) => vote.runId === row.runId && vote.login === row.login);
  const played = new Set(said.votes.map(({ runId }) => runId));
  for (const row of decisions.filter(({ runId }) => played.has(runId))) {
    if (!isSaid(row)) found.push(`${row.login} never said ${row.answer} to ${row.runId}`);
  }
  return found;
}

function effectsAreReported({ steps, marks }: Facts): string[] {
  const found: string[] = [];
  for (const step of steps) {
    const own = marks.filter((m) => m.runId === step.runId && m.step === step.name);
    const tokens = [...new Set(own.map(({ token }) => token))];
    const name = `${step.runId} ${step.name}`;
    if (tokens.length > step.attempts) {
      found.push(`${name} worked ${tokens.length} times and reports ${step.attempts} attempts`);
    }
    for (const token of tokens) {
      const words = own.filter((m) => m.token === token).map(({ word }) => word);
      if (new Set(words).size !== words.length) found.push(`an attempt of ${name} marked twice`);
    }
    const order = own.map(({ token }) => tokens.indexOf(token));
    if (order.some((at, i) => at < (order[i - 1] ?? 0))) found.push(`attempts of ${name} overlap`);
    const ended = own.filter(({ word }) => word === 'end').length;
    if (step.status === 'succeeded' && tokens.length > 0 && ended === 0) {
      found.push(`${name} succeeded, and no attempt of it came to its end`);
    }
  }
  return found;
}

/** Steps print `line 1`, `line 2` …: an attempt has a beginning of that, and the last one all of it. */
function logsAreWhole({ runs, steps, logs, marks }: Facts): string[] {
  const found: string[] = [];
  for (const { runId, step, attempt, text } of logs) {
    const lines = text.split('\n').filter((line) => line.startsWith('line '));
    const isCounted = lines.every((line, index) => {
      const wanted = `line ${index + 1}`;
      return line === wanted || (index === lines.length - 1 && wanted.startsWith(line));
    });
    if (!isCounted) found.push(`the log of ${runId} ${step}, attempt ${attempt}: ${lines.join()}`);
  }
  for (const { runId, name, status, attempts } of steps) {
    const isMarked = marks.some((m) => m.runId === runId && m.step === name && m.word === 'end');
    if (status !== 'succeeded' || !isMarked) continue;
    const last = logs.find((l) => l.runId === runId && l.step === name && l.attempt === attempts);
    const count = last?.text.match(/^line \d+$/gm)?.length ?? 0;
    const wanted = linesOf(name);
    if (count !== wanted) found.push(`${runId} ${name} succeeded with ${count} lines of ${wanted}`);
  }
  for (const { id, position, highest } of runs) {
    if (highest > position) found.push(`${id} is at ${position}, and holds an event ${highest}`);
  }
  return found;
}

/** Steps of a chain are called s0, s5, … and print 3 lines, others 12: see pipelines.ts. */
function linesOf(step: string): number {
  return /^s\d+$/.test(step) ? 3 : 12;
}

function stagesServeTheRecord({ runs, steps, serving }: Facts, { versions }: Play): string[] {
  return serving.flatMap(({ stage, text }) => {
    const withStep = (status: string) =>
      runs.filter(({ id }) =>
        steps.some((s) => s.runId === id && s.name === stage && s.status === status),
      );
    // A later run of the same commit may have put the release back: then it is rejected for all.
    const rejected = new Set(withStep('rolledBack').map(({ commit }) => commit));
    const standing = withStep('succeeded').filter(({ commit }) => !rejected.has(commit));
    const newest = standing.toSorted((a, b) => a.order - b.order).at(-1);
    const wanted = newest === undefined ? null : (versions.get(newest.commit) ?? null);
    return text === wanted
      ? []
      : [`${stage} serves ${text}, not ${wanted} of ${newest?.id ?? 'nobody'}`];
  });
}

function nothingIsLeft({ strays }: Facts): string[] {
  return strays.map((stray) => `a step's process still runs: ${stray}`);
}

function chatIsWhole({ chat }: Facts, { said, killed }: Play): string[] {
  return chatViolations(chat, { said: said.chat, killed });
}
