/** Which code this worker runs, as Temporal's Worker Versioning knows it. See docs/adr/0032. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerOptions } from '@temporalio/worker';
import type { Config } from '../platform/config.js';
import { packageRoot } from '../platform/package-root.js';

/** All workers of Slipway together, in Temporal's words a Worker Deployment. */
export const WORKERS = 'slipway';

export const HOW_TO_MAKE_CURRENT =
  'this worker gets work when its version is current: ' +
  `temporal worker deployment set-current-version --deployment-name ${WORKERS} --build-id VERSION`;

/**
 * The release and the workflow code: `0.1.0-3f2a9c0d11be`. Two workers with the same name run the same
 * workflow code.
 */
export function buildId(root: string = packageRoot()): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const bundle = join(root, 'dist', 'workflow-bundle.js');
  if (!existsSync(bundle)) return `${version}-unbundled`;
  const digest = createHash('sha256').update(readFileSync(bundle)).digest('hex');
  return `${version}-${digest.slice(0, 12)}`;
}

/** Runs in flight move to the current version with their next task: patches make that safe. */
export function versioning(
  { SLIPWAY_WORKER_VERSIONS }: Pick<Config, 'SLIPWAY_WORKER_VERSIONS'>,
  root?: string,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (SLIPWAY_WORKER_VERSIONS === 'off') return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName: WORKERS, buildId: buildId(root) },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}
