/** What approvers see: gathered when the gate opens, and kept with their decision. */
import { proxyLocalActivities } from '@temporalio/workflow';
import type { DeployActivities } from '../../activities/deploy/deploy.activities.js';
import type { SourceActivities } from '../../activities/source/source.activities.js';
import type { Evidence } from '../domain/gate.js';
import type { PlannedStep, StepOf } from '../pipeline/plan.js';
import { FIVE_TIMES } from './local.js';
import type { StepRun } from './step-run.js';

/** Steps that the evidence lists; the ones nearest to the gate. */
const MAX_STEPS_SHOWN = 200;
/** Stages that it lists. */
const MAX_STAGES_SHOWN = 50;
/** Of a summary, a message or a path, characters: the evidence travels as one payload. */
const MAX_WORDS_CHARS = 300;

const { servingCommit, observeStages } = proxyLocalActivities<DeployActivities>(FIVE_TIMES);
const { summariseChange } = proxyLocalActivities<SourceActivities>(FIVE_TIMES);

export async function gatherEvidence(of: StepRun, step: StepOf<'approve'>): Promise<Evidence> {
  const [{ comparedTo, commits, change }, stages] = await Promise.all([
    changeAgainst(of, step.spec.stage),
    observe(of),
  ]);
  const before = of.stepsBefore(step.name, MAX_STEPS_SHOWN);
  return {
    commit: of.input.run.commit,
    comparedTo,
    commits,
    change: { ...change, paths: change.paths.map(cut) },
    steps: before.map((step) => shown(of, step)),
    findings: findings(of, before),
    stages: stages
      .slice(0, MAX_STAGES_SHOWN)
      .map((stage) => ({ ...stage, message: cut(stage.message) })),
  };
}

async function changeAgainst(
  of: StepRun,
  stage: string | undefined,
): Promise<Pick<Evidence, 'comparedTo' | 'commits' | 'change'>> {
  const { repository, commit } = of.input.run;
  const comparedTo = stage === undefined ? null : await servingCommit({ repository, stage });
  return { comparedTo, ...(await summariseChange({ repository, commit, comparedTo })) };
}

async function observe(of: StepRun): Promise<Evidence['stages']> {
  const stages = of.standingStages();
  if (stages.length === 0) return [];
  return observeStages({ repository: of.input.run.repository, stages });
}

function shown(of: StepRun, { name, kind }: PlannedStep): Evidence['steps'][number] {
  const { status, reason, result } = of.stateOf(name);
  const summary = result?.summary ?? reason;
  return { name, kind, status, summary: summary === undefined ? null : cut(summary) };
}

function findings(of: StepRun, steps: readonly PlannedStep[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { name } of steps) {
    for (const [severity, count] of Object.entries(of.stateOf(name).result?.findings ?? {})) {
      sum[severity] = (sum[severity] ?? 0) + count;
    }
  }
  return sum;
}

function cut(words: string): string {
  return words.length <= MAX_WORDS_CHARS ? words : `${words.slice(0, MAX_WORDS_CHARS - 1)}…`;
}
