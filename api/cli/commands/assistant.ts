/** `ask` and `proposals`: questions in your words, and what the assistant would do. */
import type { Proposal } from '../../client/wire.assistant.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { EXIT } from '../exit.js';
import type { Context, Result } from '../io.js';
import { question } from '../options.js';

/** Lines of what it looked at that are shown. */
const MAX_LINES = 40;

export async function askCommand(
  context: Context,
  { args }: Given<Record<string, never>>,
): Promise<Result> {
  const text = question(args, 'slipway ask "which runs wait?"');
  const client = await connect(context);
  const assistance = await client.assistant.ask(text);
  const { answer, looked, proposal, model } = assistance;
  const lines = [answer];
  if (model.isToy) {
    lines.push(
      `  (a toy model: "slipway models pull <path | URL | hf:owner/name:file>" gets a real one)`,
    );
  }
  if (looked !== null) {
    const found = JSON.stringify(looked.data, null, 2).split('\n');
    lines.push('', `looked at ${looked.tool}:`, ...found.slice(0, MAX_LINES));
    if (found.length > MAX_LINES) lines.push(`  … ${found.length - MAX_LINES} more lines: --json`);
  }
  if (proposal !== null) lines.push('', ...shown(proposal));
  return { code: EXIT.good, json: assistance, lines };
}

export async function approveCommand(
  context: Context,
  { args }: Given<Record<string, never>>,
): Promise<Result> {
  const client = await connect(context);
  const proposal = await client.assistant.approve(args[0] ?? '');
  const code = proposal.state === 'done' ? EXIT.good : EXIT.no;
  return { code, json: proposal, lines: shown(proposal) };
}

export async function discardCommand(
  context: Context,
  { args }: Given<Record<string, never>>,
): Promise<Result> {
  const client = await connect(context);
  const proposal = await client.assistant.discard(args[0] ?? '');
  return { code: EXIT.good, json: proposal, lines: shown(proposal) };
}

export async function showCommand(
  context: Context,
  { args }: Given<Record<string, never>>,
): Promise<Result> {
  const client = await connect(context);
  const proposal = await client.assistant.proposal(args[0] ?? '');
  return { code: EXIT.good, json: proposal, lines: shown(proposal) };
}

function shown({ id, state, actions, results }: Proposal): string[] {
  const steps = actions.map(({ action, ...fields }, index) => {
    const how = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
    const result = results[index];
    const end = result === undefined ? '' : ` → ${result.ok ? '' : 'refused: '}${result.message}`;
    return `  ${index + 1}. ${action}: ${how.join(', ')}${end}`;
  });
  const next = state === 'open' ? [`  slipway proposals approve ${id}`] : [];
  return [`proposal ${id} (${state})`, ...steps, ...next];
}
