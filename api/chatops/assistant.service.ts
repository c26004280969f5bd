/** Answers a person's question about what Slipway does: decide, look, answer. See prompts.ts for why. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { SlipwayError } from '../../activities/platform/errors.js';
import { WishRefused } from '../../activities/platform/model-errors.js';
import type { ChatMessage, Tool, ToolCall } from '../../workflows/domain/chat.js';
import { ProposedPlan } from '../../workflows/domain/proposal.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import type { Assistance, Proposal } from '../client/wire.assistant.js';
import { GENERATION, type Generation } from '../generation/generation.ports.js';
import { may, type User } from '../platform/auth.js';
import { Unavailable } from '../platform/errors.js';
import { Looking } from './looks.service.js';
import { toAnswer, toDecide } from './prompts.js';
import { Proposals } from './proposals.service.js';
import { isLook, PROPOSE, toolsFor } from './tools.js';

/** Tokens of a decision, and of an answer. */
const MAX_TOKENS = 400;

const Arguments = z.record(z.string(), z.unknown());

interface Said {
  text: string;
  call: ToolCall | undefined;
  /** The token limit came first. */
  isCut: boolean;
}

@Injectable()
export class Assistant {
  constructor(
    @Inject(GENERATION) private readonly generation: Generation,
    @Inject(MODELS) private readonly models: Models,
    private readonly looking: Looking,
    private readonly proposals: Proposals,
  ) {}

  /** @throws what `Generation.begin` throws, and WishRefused for a call that makes no sense. */
  async answer(text: string, user: User, signal: AbortSignal): Promise<Assistance> {
    const model = this.model();
    const ask = (messages: ChatMessage[], tools: Tool[]) =>
      this.say({ model: model.name, messages, tools, user, signal });
    const tools = toolsFor((scope) => may(user, scope));
    const { text: said, call, isCut } = await ask(toDecide(text), tools);
    const base = { looked: null, proposal: null, model };
    if (call === undefined && said.trim() === '') throw wordless(isCut);
    if (call === undefined) return { ...base, answer: said };
    if (!tools.some(({ name }) => name === call.name)) throw senseless(call);
    const args = argumentsOf(call);
    if (call.name === PROPOSE) {
      const plan = ProposedPlan.safeParse(args);
      if (!plan.success) throw senseless(call);
      const proposal = await this.proposals.add(plan.data.actions, user);
      return { ...base, answer: sentenceOf(proposal), proposal };
    }
    const data = await this.look(call, args, user);
    const looked = { tool: call.name, arguments: args, data };
    const answer = await ask(toAnswer(text, call.name, data), []);
    if (answer.text.trim() === '') throw wordless(answer.isCut);
    return { ...base, answer: answer.text, looked };
  }

  /** What is not there, or not allowed, is an answer too. */
  private async look(call: ToolCall, args: unknown, user: User) {
    if (!isLook(call.name)) throw senseless(call);
    try {
      const found = await this.looking.look(call.name, args, user);
      return JSON.parse(JSON.stringify(found)) as unknown; // As it travels: dates are texts.
    } catch (error) {
      if (error instanceof z.ZodError) throw senseless(call);
      if (!(error instanceof SlipwayError) || error instanceof Unavailable) throw error;
      return { refused: error.message };
    }
  }

  private async say(of: {
    model: string;
    messages: ChatMessage[];
    tools: Tool[];
    user: User;
    signal: AbortSignal;
  }): Promise<Said> {
    const { model, messages, tools, user, signal } = of;
    const wish = {
      id: randomUUID(),
      model,
      prompt: { messages },
      sampling: { temperature: 0, maxTokens: MAX_TOKENS },
      ...(tools.length > 0 ? { tools, toolChoice: 'auto' as const } : {}),
    };
    const caller = { login: user.login, key: user.key, via: 'chatops' as const };
    const { pieces } = await this.generation.begin(wish, caller, signal);
    const said: Said = { text: '', call: undefined, isCut: false };
    for await (const piece of pieces) {
      if (piece.kind === 'text') said.text += piece.text;
      if (piece.kind === 'toolCalls' && tools.length > 0) said.call ??= piece.calls[0];
      if (piece.kind === 'done') said.isCut = piece.reason === 'length';
    }
    return said;
  }

  private model(): Assistance['model'] {
    const [model] = this.models.served();
    if (model) return { name: model.name, isToy: model.isToy };
    throw new Unavailable('no model is served', 'Serve one: slipway models pull, then serve.');
  }
}

/** Null stands for what was left out: tools.ts says so to models. */
function argumentsOf(call: ToolCall): z.infer<typeof Arguments> {
  try {
    const given: unknown = JSON.parse(call.arguments || '{}', (_key, value: unknown) => {
      return value === null ? undefined : value;
    });
    return Arguments.parse(given);
  } catch {
    throw senseless(call);
  }
}

function senseless({ name }: ToolCall): WishRefused {
  return new WishRefused(
    `the model called "${name}" in a way that makes no sense`,
    'Ask in other words, or serve a model that can call tools.',
  );
}

/** A call that the limit cuts is none, and nothing of it is text. */
function wordless(isCut: boolean): WishRefused {
  return new WishRefused(
    isCut ? `the model said nothing within ${MAX_TOKENS} tokens` : 'the model said nothing at all',
    'Ask for less at once, or serve a model that can call tools.',
  );
}

function sentenceOf({ id, actions }: Proposal): string {
  const what = actions.map(({ action }) => action.replace('-', ' ')).join(', then ');
  return `I propose: ${what}. Nothing was done; approve it with "slipway proposals approve ${id}".`;
}
