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
let bundle: Promise<WorkflowBundle> | undefined;

/**
 * Replays a history (as JSON) against the code of today.
 *
 * @throws {DeterminismViolationError} when the code would do something else.
 */
export async function replay(history: { events: unknown[] }): Promise<void> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../index.ts', import.meta.url)),
    logger,
  });
  await Worker.runReplayHistory({ workflowBundle: await bundle }, history);
}
