/** Every written limit that more than one room needs, with its unit in the name. */

/** A pipeline file, bytes. */
export const MAX_PIPELINE_BYTES = 1_048_576;
/** Steps in one plan. */
export const MAX_STEPS = 10_000;
/** A compiled plan as JSON, bytes: Temporal refuses payloads above 2 MiB. */
export const MAX_PLAN_BYTES = 1_572_864;
/** Commands in one step. */
export const MAX_COMMANDS = 500;
/** One command, characters. */
export const MAX_COMMAND_CHARS = 32_768;
/** Steps that one step may need directly. */
export const MAX_NEEDS = 10_000;
/** Names in a step's `env`, `outputs` or a pipeline's inputs. */
export const MAX_NAMES = 100;
/** Secrets that one step may name. */
export const MAX_SECRETS = 50;
/** The value of a secret: shorter ones could not be hidden in logs. Characters; UTF-8 bytes. */
export const MIN_SECRET_CHARS = 4;
export const MAX_SECRET_BYTES = 65_536;
/** All values that one step is given, bytes: a system takes only so much environment. */
export const MAX_STEP_SECRETS_BYTES = 131_072;
/** Secrets of one repository, and of those that apply to every one. */
export const MAX_SECRETS_OF_REPOSITORY = 200;
/** One environment value, characters. */
export const MAX_VALUE_CHARS = 32_768;
/** All inputs of a run together as JSON, bytes: each of its steps is told them. */
export const MAX_INPUT_BYTES = 65_536;
/** Deploy steps in one plan: what stands goes along with the run. */
export const MAX_DEPLOYS = 100;
/** All outputs of one step together, bytes. */
export const MAX_OUTPUT_BYTES = 65_536;
/** Steps of one run in progress at once. Temporal refuses more than 2,000 pending activities. */
export const MAX_STEPS_IN_PROGRESS = 500;
/** A step's default and longest time, seconds. */
export const STEP_TIMEOUT_SECONDS = 3_600;
export const MAX_STEP_TIMEOUT_SECONDS = 86_400;
/** A deploy's default time until it must serve, seconds. */
export const DEPLOY_TIMEOUT_SECONDS = 300;
/** A check's default deadline, seconds. */
export const CHECK_TIMEOUT_SECONDS = 120;
/** How long a gate waits by default and at most, seconds (72 hours; 30 days). */
export const APPROVAL_TIMEOUT_SECONDS = 259_200;
export const MAX_APPROVAL_TIMEOUT_SECONDS = 2_592_000;
/** Longest watch after a deploy, seconds. */
export const MAX_WATCH_SECONDS = 3_600;
/** Attempts of a step after losses and errors; a step's "no" is never tried again. */
export const STEP_ATTEMPTS = 5;
export const MAX_STEP_ATTEMPTS = 20;
/** Log text kept of one attempt of one step, bytes. The rest is counted, not kept. */
export const MAX_LOG_BYTES = 16_777_216;
/** A reason as it is stored and shown, characters. */
export const MAX_REASON_CHARS = 2_000;

/** Cuts a reason to its limit, visibly. */
export function toReason(text: string): string {
  if (text.length <= MAX_REASON_CHARS) return text;
  return `${text.slice(0, MAX_REASON_CHARS - 1)}…`;
}
