/** The last words of `npm start`: what waits for the person, and where everything is. */
import { resolve } from 'node:path';
import pc from 'picocolors';
import type { Client } from '../client/client.js';
import type { Stack } from './stack.js';

/** Open gates and stages shown; more are counted. */
const SHOWN = 10;

export async function whatNext(client: Client, stack: Stack): Promise<string> {
  const [gates, stages, running] = await Promise.all([
    client.approvals.list({ state: 'open', limit: SHOWN }),
    client.stages.list(),
    client.runs.list({ status: 'running', limit: SHOWN }),
  ]);
  const slipway = commandFor(stack.home);
  const lines = [''];
  for (const gate of gates.items) {
    const stage = gate.stage ? ` to ${gate.stage}` : '';
    lines.push(`${pc.bold(gate.runId)} waits for your approval${stage}. Look, then answer:`);
    lines.push(`  ${slipway} show ${gate.runId}`);
    lines.push(`  ${slipway} approve ${gate.runId}`);
    lines.push(`  ${slipway} reject ${gate.runId} -m "why not"`);
  }
  for (const run of running.items) lines.push(`${run.id} goes on: ${slipway} watch ${run.id}`);
  if (lines.length > 1) lines.push('');
  for (const stage of stages.items.slice(0, SHOWN)) {
    const serving = stage.serving
      ? `${stage.health}, ${stage.serving.runId}`
      : 'serves nothing yet';
    lines.push(
      place(`${stage.repository} ${stage.name}`, `${stage.url ?? '–'}  ${pc.dim(serving)}`),
    );
  }
  lines.push(place('API docs', `${stack.url}/docs`));
  if (stack.temporalUi) lines.push(place('Temporal UI', stack.temporalUi));
  lines.push(
    place(
      'push to',
      `${stack.url}/git/NAME.git  ${pc.dim(`password: the text in ${stack.home}/token`)}`,
    ),
  );
  lines.push('', 'Ctrl-C stops everything; the next npm start goes on from here.');
  return lines.join('\n');
}

/** The CLI finds the default home by itself; another one must be named. */
function commandFor(home: string): string {
  return home === resolve('.slipway') ? 'npx slipway' : `SLIPWAY_HOME=${home} npx slipway`;
}

function place(name: string, where: string): string {
  return `  ${name.padEnd(22)} ${where}`;
}
