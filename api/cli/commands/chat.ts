/** `chat`: a question to a model, and its answer as it is made. */
import { randomUUID } from 'node:crypto';
import { type Client, textAfter } from '../../client/client.js';
import { cleanLines } from '../../client/narrate.text.js';
import type { Turn } from '../../client/wire.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { EXIT, type ExitCode } from '../exit.js';
import type { Context, Result } from '../io.js';
import { present, question } from '../options.js';
import { patiently } from '../patience.js';

interface Options {
  conversation?: string;
  model?: string;
}

/** Of a conversation that a question begins: its title. Characters. */
const TITLE_CHARS = 60;

/** Ctrl-C stops the answer; what was said of it is kept. */
export async function chatCommand(
  context: Context,
  { args, options }: Given<Options>,
): Promise<Result> {
  const text = question(args, 'slipway chat "what is a release?"');
  const client = await connect(context);
  const conversation = options.conversation ?? (await begun(context, client, text));
  const wish = { id: randomUUID(), text, ...present({ model: options.model }) };
  const said = await patiently(context.io, () => client.chat.conversations.say(conversation, wish));
  if (said) await follow(context, client, said.answer.id);
  const answer = said && (await patiently(context.io, () => client.chat.turns.get(said.answer.id)));
  if (!answer) throw new Error(`the API answered nothing about conversation "${conversation}"`);
  return { code: codeOf(answer), json: answer, lines: linesOf(answer) };
}

async function begun({ io }: Context, client: Client, text: string): Promise<string> {
  const wish = { id: randomUUID(), title: text.slice(0, TITLE_CHARS) };
  const made = await patiently(io, () => client.chat.conversations.create(wish));
  return made?.id ?? wish.id;
}

async function follow({ io, json }: Context, client: Client, id: string): Promise<void> {
  const view = json ? undefined : await liveView(io.terminal);
  let text = '';
  try {
    for await (const event of client.chat.turns.events(id, { signal: io.interrupted })) {
      text = textAfter(text, event);
      view?.show(text);
    }
  } catch (error) {
    if (!io.interrupted.aborted) throw error;
  } finally {
    view?.clear();
  }
  if (io.interrupted.aborted) await client.chat.turns.cancel(id);
}

/** What is there so far; the whole answer is printed at its end. */
async function liveView(terminal: Context['io']['terminal']) {
  if (!terminal) return undefined;
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(terminal);
  return {
    show: (text: string) => update(cleanLines(text).join('\n')),
    clear: () => update.clear(),
  };
}

function linesOf({ text, failure, status, meta, conversationId }: Turn): string[] {
  const lines = cleanLines(text);
  if (status === 'cancelled') lines.push('', '(stopped)');
  if (failure) lines.push('', `no answer: ${failure.message}`, failure.help);
  if (typeof meta['hint'] === 'string') lines.push('', `(${meta['hint']})`);
  return [...lines, '', `go on: slipway chat --conversation ${conversationId} "…"`];
}

function codeOf({ status }: Turn): ExitCode {
  return status === 'done' ? EXIT.good : status === 'failed' ? EXIT.errored : EXIT.no;
}
