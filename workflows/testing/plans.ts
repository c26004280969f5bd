/** Plans and inputs for stories: a short delivery, and its parts. */
import type { Input as Question } from '../approval/approval.messages.js';
import { RunId } from '../domain/names.js';
import type { PlannedStep, StepOf } from '../pipeline/plan.js';
import type { Input } from '../run/run.messages.js';
import { DIGEST } from './fake-activities.js';

export const step = (name: string, more: Partial<StepOf<'run'>> = {}): PlannedStep => ({
  name,
  kind: 'run',
  spec: { commands: ['true'] },
  ...more,
});
export const image: PlannedStep = {
  name: 'image',
  kind: 'build',
  spec: { kind: 'archive', paths: ['dist'], command: 'node .' },
};
export const deploy = (stage: string, needs: string[], more: Partial<StepOf<'deploy'>> = {}) =>
  ({
    name: stage,
    kind: 'deploy',
    needs,
    spec: { release: ['image'], stage },
    ...more,
  }) satisfies PlannedStep;
export const check = (stage: string, more: Partial<StepOf<'check'>> = {}): PlannedStep => ({
  name: 'integration',
  kind: 'check',
  needs: [stage],
  spec: { stage, http: [{ url: '/health' }] },
  ...more,
});
export const gate = (needs: string[], more: Partial<StepOf<'approve'>> = {}): PlannedStep => ({
  name: 'approve',
  kind: 'approve',
  needs,
  spec: { stage: 'production' },
  timeoutSeconds: 3_600,
  ...more,
});

export function runInput(steps: PlannedStep[], carried?: Input['carried']): Input {
  return {
    run: {
      id: RunId.parse('web-42'),
      repository: 'web',
      commit: 'c'.repeat(40),
      branch: 'main',
      pipeline: 'delivery',
      order: 42,
    },
    trigger: { kind: 'push', by: 'carol', inputs: {} },
    plan: { pipeline: 'delivery', steps },
    ...(carried === undefined ? {} : { carried }),
  };
}

export function question(more: Partial<Question> = {}): Question {
  return {
    run: runInput([]).run,
    step: 'approve',
    stage: 'production',
    from: ['release-team'],
    required: 1,
    timeoutSeconds: 3_600,
    triggeredBy: 'carol',
    selfApproval: false,
    evidence: {
      commit: 'c'.repeat(40),
      comparedTo: null,
      commits: [],
      change: { files: 0, insertions: 0, deletions: 0, paths: [] },
      steps: [],
      findings: {},
      stages: [],
    },
    ...more,
  };
}

/** What activities return in stories. */
export const said = {
  yes: { verdict: 'succeeded' },
  no: { verdict: 'failed', reason: 'GET /health answered 500' },
  archive: {
    verdict: 'succeeded',
    artifact: { name: 'image', kind: 'archive', digest: DIGEST, bytes: 1, command: 'node .' },
  },
  pinned: { outcome: 'pinned', revision: 'r1', releaseDigest: DIGEST },
  putBack: { outcome: 'putBack', revision: 'r2', servingDigest: DIGEST },
  change: { commits: [], change: { files: 0, insertions: 0, deletions: 0, paths: [] } },
} as const;
