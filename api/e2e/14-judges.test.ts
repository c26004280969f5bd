/** Clients of other people, unmodified, against the real stack and real engines with tiny models. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { generateObject, generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { slipway, toyFile } from './harness/chat.js';
import { eventually } from './harness/eventually.js';
import { E2eStack } from './harness/stack.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Whatever the weights say: a grammar makes it so. */
const Choice = z.object({ answer: z.enum(['yes', 'no']), sure: z.boolean() });
const parameters = {
  type: 'object',
  properties: { stage: { type: 'string', enum: ['staging', 'production'] } },
  required: ['stage'],
};
const look = { type: 'function' as const, function: { name: 'look', parameters } };

describe('the judges', () => {
  let stack: E2eStack;
  let folder: string;
  let openai: OpenAI;
  beforeAll(async () => {
    stack = await E2eStack.start();
    folder = await mkdtemp(join(tmpdir(), 'slipway-e2e-models-'));
    openai = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.token, maxRetries: 0 });
    for (const kind of ['alphabet', 'endless', 'random'] as const) {
      const file = await toyFile(folder, kind);
      await slipway(stack, 'models', 'pull', file, '--name', kind);
      await slipway(stack, 'models', 'serve', kind, '--as', kind);
    }
  });
  afterAll(async () => {
    await stack?.end();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (model: string) => ({
    model,
    messages: [{ role: 'user' as const, content: 'go' }],
    max_tokens: 64,
  });

  it('openai: lists, creates and streams', async () => {
    const names = (await openai.models.list()).data.map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining(['alphabet', 'endless', 'random']));
    const whole = await openai.chat.completions.create(ask('alphabet'));
    expect(whole.choices[0]?.message.content).toBe(LETTERS);
    const again = await openai.chat.completions.create(ask('alphabet'));
    expect(again.usage?.prompt_tokens).toBe(whole.usage?.prompt_tokens);
    const stream = openai.chat.completions.stream({
      ...ask('alphabet'),
      stream_options: { include_usage: true },
    });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(LETTERS);
    expect(streamed.usage).toMatchObject({ completion_tokens: whole.usage?.completion_tokens });
    const stopped = await openai.chat.completions.create({ ...ask('alphabet'), stop: 'd' });
    expect(stopped.choices[0]).toMatchObject({
      message: { content: 'abc' },
      finish_reason: 'stop',
    });
    const cut = await openai.chat.completions.create({ ...ask('endless'), max_tokens: 5 });
    expect([cut.choices[0]?.finish_reason, cut.usage?.completion_tokens]).toEqual(['length', 5]);
  });

  it('openai: parses what a grammar made, calls tools, and tells probabilities', async () => {
    const parsed = await openai.chat.completions.parse({
      ...ask('random'),
      response_format: zodResponseFormat(Choice, 'choice'),
    });
    expect(Choice.safeParse(parsed.choices[0]?.message.parsed).success).toBe(true);
    const called = await openai.chat.completions.create({
      ...ask('random'),
      tools: [look],
      tool_choice: { type: 'function', function: { name: 'look' } },
    });
    const [call] = called.choices[0]?.message.tool_calls ?? [];
    const given = call?.type === 'function' ? JSON.parse(call.function.arguments) : {};
    expect(['staging', 'production']).toContain(given.stage);
    expect(called.choices[0]?.finish_reason).toBe('tool_calls');
    const wish = { ...ask('random'), max_tokens: 8, logprobs: true, top_logprobs: 2 };
    const [likely] = (await openai.chat.completions.create(wish)).choices;
    const tokens = likely?.logprobs?.content ?? [];
    expect(tokens.map(({ token }) => token).join('')).toBe(likely?.message.content);
    // Tokens that are a character only together are told as one, without alternatives.
    const alternatives = tokens.map(({ top_logprobs }) => top_logprobs.length);
    expect(new Set([0, ...alternatives])).toEqual(new Set([0, 2]));
  });

  it('openai: the same seed says the same', async () => {
    const said = async (seed: number) => {
      const wish = { ...ask('random'), seed, temperature: 1, max_tokens: 16 };
      return (await openai.chat.completions.create(wish)).choices[0]?.message.content;
    };
    expect(await said(7)).toBe(await said(7));
  });

  it('openai: a client that leaves ends its answer, and the list says so', async () => {
    const leaving = new AbortController();
    const stream = await openai.chat.completions.create(
      { ...ask('endless'), max_tokens: 3_000, stream: true },
      { signal: leaving.signal },
    );
    for await (const chunk of stream) {
      if (!chunk.choices[0]?.delta.content) continue;
      expect((await stack.client.requests.inFlight()).data).toMatchObject([
        { id: chunk.id, model: 'endless', state: 'decode' },
      ]);
      break;
    }
    leaving.abort();
    await eventually('nothing is in flight', async () => {
      const { data } = await stack.client.requests.inFlight();
      return data.length === 0 || undefined;
    });
  });

  it('openai: a prompt that is too long is told from other mistakes', async () => {
    const long = { role: 'user' as const, content: 'abcdefgh '.repeat(20_000) };
    await expect(
      openai.chat.completions.create({ ...ask('alphabet'), messages: [long] }),
    ).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });

  it('openai and LangChain: vectors are the same, packed or not', async () => {
    const input = ['a text', 'another one'];
    const packed = await openai.embeddings.create({ model: 'random', input });
    const plain = await openai.embeddings.create({
      model: 'random',
      input,
      encoding_format: 'float',
    });
    for (const [index, { embedding }] of packed.data.entries()) {
      const other = plain.data[index]?.embedding ?? [];
      expect(embedding.length).toBe(other.length);
      for (const [at, value] of embedding.entries()) expect(value).toBeCloseTo(other[at] ?? 9, 5);
    }
    const langchain = new OpenAIEmbeddings({
      model: 'random',
      apiKey: stack.token,
      configuration: { baseURL: `${stack.url}/v1` },
    });
    const [first] = await langchain.embedDocuments(input);
    expect(first?.length).toBe(packed.data[0]?.embedding.length);
  });

  it('ai: generates and streams texts, and objects of a schema', async () => {
    const provider = createOpenAICompatible({
      name: 'slipway',
      baseURL: `${stack.url}/v1`,
      apiKey: stack.token,
      includeUsage: true,
      supportsStructuredOutputs: true,
    });
    const whole = await generateText({ model: provider('alphabet'), prompt: 'go' });
    expect([whole.text, whole.finishReason]).toEqual([LETTERS, 'stop']);
    const streamed = streamText({ model: provider('alphabet'), prompt: 'go' });
    expect(await streamed.text).toBe(LETTERS);
    expect((await streamed.usage).outputTokens).toBe(whole.usage.outputTokens);
    const { object } = await generateObject({
      model: provider('random'),
      prompt: 'go',
      schema: Choice,
    });
    expect(Choice.safeParse(object).success).toBe(true);
  });

  it('LangChain: invokes, streams, and gets structured output', async () => {
    const of = (model: string) =>
      new ChatOpenAI({
        model,
        apiKey: stack.token,
        maxTokens: 64,
        configuration: { baseURL: `${stack.url}/v1` },
      });
    expect((await of('alphabet').invoke('go')).content).toBe(LETTERS);
    let text = '';
    for await (const chunk of await of('alphabet').stream('go')) text += chunk.text;
    expect(text).toBe(LETTERS);
    for (const method of ['jsonSchema', 'functionCalling'] as const) {
      const structured = of('random').withStructuredOutput(Choice, { name: 'choice', method });
      expect(Choice.safeParse(await structured.invoke('go')).success).toBe(true);
    }
  });
});
