/** How the worker asks Temporal for work, and how much memory it may take for it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import type { Config } from '../platform/config.js';
import { packageRoot } from '../platform/package-root.js';
import { limitResults } from './result-limit.js';
import { versioning } from './version.js';

/** Workflows kept in memory between their tasks; each costs about a megabyte, a miss a replay. */
const MAX_CACHED_WORKFLOWS = 100;
/** Workflow tasks and local activities at once. */
const MAX_WORKFLOW_TASKS = 40;
const MAX_LOCAL_ACTIVITIES = 100;
/** Activities of one workflow task that skip the queue (measured: a fifth to a half faster). */
const MAX_EAGER_ACTIVITIES = 100;
/** After the death of a worker its workflows move to another one within this. Default: 10 s. */
const STICKY_TIMEOUT = '1s';
/** A cancel reaches a step with its next heartbeat; the default would be 0.8 of the heartbeat timeout. */
const HEARTBEAT_THROTTLE = '1s';
/** Steps that end within this count when the worker is told to stop; the others start again. */
const SHUTDOWN_GRACE = '3s';
/** Then the process ends anyway: a step that ignores its cancellation shall not hold it. */
const SHUTDOWN_LIMIT = '10s';

export function workerOptions(
  config: Config,
  connection: NativeConnection,
  activities: object,
): WorkerOptions {
  return {
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.SLIPWAY_TASK_QUEUE,
    activities,
    ...workflowCode(),
    ...versioning(config),
    interceptors: { activity: [limitResults] },
    reuseV8Context: true,
    workflowThreadPoolSize: 1,
    maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    maxConcurrentActivityTaskExecutions: config.SLIPWAY_WORKER_SLOTS,
    maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS,
    maxConcurrentLocalActivityExecutions: MAX_LOCAL_ACTIVITIES,
    maxEagerActivityReservationsPerWorkflowTask: MAX_EAGER_ACTIVITIES,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_LIMIT,
  };
}

/** The bundle that scripts/bundle.mjs made, or the compiled sources, bundled at start. */
function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const dist = join(packageRoot(), 'dist');
  const codePath = join(dist, 'workflow-bundle.js');
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  return { workflowsPath: join(dist, 'workflows', 'index.js') };
}
