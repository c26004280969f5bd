/** Says one call of a tool, in the model's own way: a name that there is, and arguments of its schema. */
import { randomBytes } from 'node:crypto';
import { LlamaText } from 'node-llama-cpp';
import type { FinishReason, Tool, ToolCall } from '../../../workflows/domain/chat.js';
import { Characters } from './characters.js';
import { JsonEnd } from './json.end.js';
import type { Mind } from './mind.js';
import type { Sampled, Stretch } from './run.js';
import { hasArguments } from './tools.js';

export interface Called {
  reason: FinishReason;
  /** Absent where it was not said to its end. */
  call?: ToolCall;
}

type Run = (
  stretch: Pick<Stretch, 'tokens' | 'grammar'>,
  hear: (sampled: Sampled) => 'stop' | undefined,
) => Promise<'stop' | 'length' | 'cancelled'>;

export async function sayCall(
  mind: Mind,
  { before, tools }: { before: LlamaText; tools: readonly Tool[] },
  run: Run,
): Promise<Called> {
  const opened = LlamaText([before, mind.calls.prefix]);
  const { reason, tool } = await sayName(mind, opened, tools, run);
  if (tool === undefined) return { reason };
  const named = LlamaText([opened, tool.name, mind.calls.beforeArguments]);
  const said = hasArguments(tool)
    ? await sayArguments(mind, named, tool, run)
    : { reason: 'stop' as const, text: '{}' };
  if (said.reason !== 'stop') return { reason: said.reason };
  const id = `call_${randomBytes(12).toString('hex')}`;
  return { reason: 'toolCalls', call: { id, name: tool.name, arguments: said.text } };
}

// What it is said with, behind what, which names there are, and how to run.
async function sayName(mind: Mind, opened: LlamaText, tools: readonly Tool[], run: Run) {
  const [only, ...more] = tools;
  if (more.length === 0) return { reason: 'stop' as const, tool: only };
  let text = '';
  const grammar = await mind.grammars.ofNames(tools);
  const tokens = opened.tokenize(mind.model.tokenizer);
  const reason = await run({ tokens, grammar }, ({ token }) => {
    if (mind.model.isEogToken(token)) return 'stop';
    text += mind.model.detokenize([token], false, tokens.slice(-1));
    return tools.filter(({ name }) => name.startsWith(text)).length === 1 ? 'stop' : undefined;
  });
  const tool =
    tools.find(({ name }) => name === text) ?? tools.find(({ name }) => name.startsWith(text));
  return { reason, tool: reason === 'stop' ? tool : undefined };
}

async function sayArguments(mind: Mind, named: LlamaText, tool: Tool, run: Run) {
  let text = '';
  const json = new JsonEnd();
  const grammar = await mind.grammars.ofArguments(tool);
  const tokens = named.tokenize(mind.model.tokenizer);
  const characters = new Characters(mind.model, tokens);
  const reason = await run({ tokens, grammar }, ({ token }) => {
    if (mind.model.isEogToken(token)) return 'stop';
    const whole = characters.add(token);
    if (whole === undefined) return undefined;
    const end = json.add(whole.text);
    text += end === undefined ? whole.text : whole.text.slice(0, end);
    return end === undefined ? undefined : 'stop';
  });
  return { reason, text: text.trim() };
}
