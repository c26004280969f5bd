/** One function per kind of step. */
import type { PlannedStep } from '../pipeline/plan.js';
import type { StepState } from '../run/run.messages.js';
import { approve } from './approve.js';
import { build } from './build.js';
import { check } from './check.js';
import { deploy } from './deploy.js';
import { run } from './run.js';
import { scan } from './scan.js';
import type { StepRun } from './step-run.js';

/** @returns the step's final state. Throws what Temporal reports, or a bug. */
export function execute(of: StepRun, step: PlannedStep): Promise<StepState> {
  switch (step.kind) {
    case 'run':
      return run(of, step);
    case 'build':
      return build(of, step);
    case 'scan':
      return scan(of, step);
    case 'deploy':
      return deploy(of, step);
    case 'check':
      return check(of, step);
    case 'approve':
      return approve(of, step);
  }
}
