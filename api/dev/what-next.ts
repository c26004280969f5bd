/** The last words of `npm start`: what waits for the person, and where everything is. */
import { resolve } from 'node:path';
import pc from 'picocolors';
import { ApiProblem, type Client } from '../client/client.js';
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
  lines.push(...(await chatLines(client, stack)));
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

/** Who answers in the chat, and how to make it a real model. Starts no engine. */
async function chatLines(client: Client, { url, home }: Stack): Promise<string[]> {
  const servings = await client.models.servings().catch((error: unknown) => {
    if (error instanceof ApiProblem && error.status === 404) return undefined; // Without that role.
    throw error;
  });
  if (servings === undefined) return [];
  const names = servings.served.filter(({ isToy }) => !isToy).map(({ name }) => name);
  const where = place('chat', `${url}/v1`);
  if (names.length > 0) return [`${where}  ${pc.dim(names.slice(0, SHOWN).join(', '))}`];
  const slipway = commandFor(home);
  return [
    `${where}  ${pc.dim('a toy answers: it knows nothing. A real model:')}`,
    place('', `${slipway} models pull <path | URL | hf:owner/name:file.gguf>`),
    place('', `${slipway} models serve NAME`),
  ];
}

/** The CLI finds the default home by itself; another one must be named. */
function commandFor(home: string): string {
  return home === resolve('.slipway') ? 'npx slipway' : `SLIPWAY_HOME=${home} npx slipway`;
}

function place(name: string, where: string): string {
  return `  ${name.padEnd(22)} ${where}`;
}
