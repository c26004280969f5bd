/** The workflow code as the sandbox sees it. Bundling takes seconds: once per test file. */
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';

const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });
let ours: Promise<WorkflowBundle> | undefined;

/** The code of today, bundled once. */
export function presentBundle(): Promise<WorkflowBundle> {
  ours ??= bundleOf(fileURLToPath(new URL('../index.ts', import.meta.url)));
  return ours;
}

/** @param workflowsPath The index of workflow code: ours, or a changed copy of it. */
export function bundleOf(workflowsPath: string): Promise<WorkflowBundle> {
  return bundleWorkflowCode({ workflowsPath, logger });
}

/**
 * Replays a history (as JSON) against the code of today, or against `bundle`.
 *
 * @throws {DeterminismViolationError} when the code would do something else.
 */
export async function replay(
  history: { events: unknown[] },
  bundle: Promise<WorkflowBundle> = presentBundle(),
): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: await bundle }, history);
}
