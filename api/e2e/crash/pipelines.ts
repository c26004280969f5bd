/** Repositories of the crash scenarios. Their steps leave marks outside, and number their lines. */
import { service } from '../harness/app.js';

/** Lines of a step, a tenth of a second apart: long enough to be killed in the middle. */
export const LINES = 12;

/**
 * A second apart. While the reconciler is away nobody listens on a stage's port, and a check takes that
 * for a no when its tries are over: these outlast the reconciler's restart.
 */
const PATIENT_TRIES = 10;
const QUICK_TRIES = 2;

export interface App {
  version: string;
  /** /health says 500. */
  broken?: boolean;
  /** Everything says 500 as soon as this file is there. */
  sickWhen?: string;
  /** The service listens this much later. Milliseconds. */
  slowMs?: number;
}

export interface Delivery {
  /** File that steps append their marks to. */
  effects: string;
  app: App;
  /** A gate and production behind it, `{ from, required, watch }` as in the language. */
  gate?: { from: string; required?: number; watch?: string };
}

/**
 * One command: a mark at its begin and its end with a name of this attempt, and numbered lines.
 * Marks of a killed attempt stay, so attempts can be counted.
 */
export function ticking(effects: string, lines = LINES): string {
  return [
    'read -r token </proc/sys/kernel/random/uuid',
    `mark() { echo "$SLIPWAY_RUN_ID $SLIPWAY_STEP $token $1" >>${effects}; }`,
    'mark begin',
    'i=0',
    `while [ $i -lt ${lines} ]; do i=$((i + 1)); echo "line $i"; sleep 0.1; done`,
    'mark end',
  ].join('\n');
}

export function delivery({ effects, app, gate }: Delivery): Record<string, string> {
  const step = (name: string, needs: string, more: string) =>
    `  ${name}:\n    needs: [${needs}]\n    ${more}\n`;
  const tick = block(ticking(effects), 6);
  const required = gate?.required === undefined ? '' : `, required: ${gate.required}`;
  const watch = gate?.watch === undefined ? '' : `, watch: ${gate.watch}`;
  const text = [
    'version: 1\nname: delivery\nsteps:\n',
    `  test:\n    run:\n${tick}`,
    step('app', 'test', 'build: { kind: archive, paths: [server.mjs], command: node server.mjs }'),
    step('staging', 'app', 'deploy: { release: [app], stage: staging }'),
    step(
      'integration',
      'staging',
      `check: { stage: staging, http: [{ get: /health, expect: { status: 200 } }], tries: ${app.broken ? QUICK_TRIES : PATIENT_TRIES} }`,
    ),
    ...(gate === undefined
      ? [`  after:\n    needs: [integration]\n    run:\n${tick}`]
      : [
          step('ask', 'integration', `approve: { stage: production, ${gate.from}${required} }`),
          step('production', 'ask', `deploy: { release: [app], stage: production${watch} }`),
        ]),
  ].join('');
  return { 'server.mjs': serviceOf(app), '.slipway/pipeline.yaml': text };
}

/** Many small steps, one after the other; every fifth leaves its mark. */
export function chain(effects: string, steps: number): Record<string, string> {
  const text = Array.from({ length: steps }, (_, index) => {
    const needs = index === 0 ? '' : `    needs: [s${index - 1}]\n`;
    const commands = index % 5 === 0 ? block(ticking(effects, 3), 6) : '      - echo line 1\n';
    return `  s${index}:\n${needs}    run:\n${commands}`;
  }).join('');
  return { '.slipway/pipeline.yaml': `version: 1\nname: chain\nsteps:\n${text}` };
}

function serviceOf({ version, broken = false, sickWhen, slowMs }: App): string {
  let text = service({ version, broken });
  if (sickWhen !== undefined) {
    text = `import { existsSync } from 'node:fs';\n${text}`.replace(
      'const sick = false',
      `const sick = existsSync(${JSON.stringify(sickWhen)})`,
    );
  }
  if (slowMs !== undefined) {
    text = `await new Promise((resolve) => setTimeout(resolve, ${slowMs}));\n${text}`;
  }
  return text;
}

function block(command: string, indent: number): string {
  const lines = command.split('\n').map((line) => `${' '.repeat(indent + 2)}${line}\n`);
  return `${' '.repeat(indent)}- |\n${lines.join('')}`;
}
