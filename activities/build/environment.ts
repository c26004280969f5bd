/** The environment of a step's commands, built from nothing: whatever is not named here is not in it. */
import { dirname } from 'node:path';
import type { StepContext } from '../../workflows/domain/step.js';
import { render } from '../../workflows/pipeline/template.js';
import { packageRoot } from '../platform/package-root.js';
import type { Workspace } from './workspace.js';

export interface EnvironmentInput {
  context: StepContext;
  step: { name: string; env?: Record<string, string> | undefined };
  workspace: Pick<Workspace, 'home' | 'temp' | 'output'>;
  stageUrl: string | undefined;
  path: string;
  /** By the names of their variables. */
  secrets: Record<string, string>;
}

export type Environment =
  | { ok: true; env: Record<string, string> }
  /** Written for the author of the commit. */
  | { ok: false; reason: string };

/** The step's own `env` may replace everything but what begins with SLIPWAY. Pure. */
export function environmentOf({
  context,
  step,
  workspace,
  ...rest
}: EnvironmentInput): Environment {
  const { run, trigger, outputs } = context;
  const own: Record<string, string> = {};
  for (const [name, template] of Object.entries(step.env ?? {})) {
    const value = render(template, { inputs: trigger.inputs, steps: outputs, run });
    if (!value.ok) return { ok: false, reason: `env.${name}: ${value.reason}` };
    if (value.text.includes('\0')) {
      return { ok: false, reason: `env.${name} holds a NUL character; no program can take it` };
    }
    own[name] = value.text;
  }
  return {
    ok: true,
    env: {
      PATH: rest.path,
      HOME: workspace.home,
      TMPDIR: workspace.temp,
      LANG: 'C.UTF-8',
      CI: 'true',
      ...(rest.stageUrl !== undefined && { STAGE_URL: rest.stageUrl }),
      ...own,
      ...rest.secrets,
      ...inputVariables(trigger.inputs),
      SLIPWAY: 'true',
      SLIPWAY_RUN_ID: run.id,
      SLIPWAY_COMMIT: run.commit,
      SLIPWAY_BRANCH: run.branch ?? '',
      SLIPWAY_REPOSITORY: run.repository,
      SLIPWAY_PIPELINE: run.pipeline,
      SLIPWAY_STEP: step.name,
      SLIPWAY_OUTPUT: workspace.output,
    },
  };
}

/** The worker's own search path without our own tools: a step's `jest` must not be ours. */
export function pathForSteps(path = process.env['PATH'] ?? ''): string {
  const ours = packageRoot();
  const kept = path.split(':').filter((each) => each !== '' && !`${each}/`.startsWith(`${ours}/`));
  const node = dirname(process.execPath);
  const own = `${node}/`.startsWith(`${ours}/`) ? [] : [node];
  return [...new Set([...kept, ...own, ...USUAL])].join(':');
}

const USUAL = ['/usr/local/bin', '/usr/bin', '/bin'];

/** `inputs.log-level` is SLIPWAY_INPUT_LOG_LEVEL. */
function inputVariables(inputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      `SLIPWAY_INPUT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`,
      value.replaceAll('\0', ''),
    ]),
  );
}
