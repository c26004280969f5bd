/** Everything that can be started by name. One by one: any export here becomes a workflow. */
export { approval } from './approval/approval.workflow.js';
export { run } from './run/run.workflow.js';
export { stage } from './stage/stage.workflow.js';
export { retention } from './upkeep/retention.workflow.js';
