import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { embedMany, generateObject, generateText, isStepCount, streamText, tool } from 'ai';
import { z } from 'zod';
import { EngineLost } from '../../activities/platform/model-errors.js';
import { calm, gate, type Judged, startJudged } from './testing.js';

// The npm packages `ai` and `@ai-sdk/openai-compatible`, unmodified, against the whole API.

let api: Judged;
let provider: ReturnType<typeof createOpenAICompatible>;
beforeAll(async () => {
  api = await startJudged();
  provider = createOpenAICompatible({
    name: 'slipway',
    baseURL: api.baseUrl,
    apiKey: api.token,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
});
afterAll(() => api.close());
afterEach(() => calm(api.chat));

const ask = () => ({ model: provider('fake'), prompt: 'hello', maxRetries: 0 });

describe('the AI SDK', () => {
  it('generates a text, with what it cost', async () => {
    api.chat.models.text = 'to be or not';
    const { text, finishReason, usage } = await generateText(ask());
    expect([text, finishReason]).toEqual(['to be or not', 'stop']);
    expect([usage.inputTokens, usage.outputTokens]).toEqual([1, 4]);
  });

  it('streams a text, with what it cost', async () => {
    const result = streamText(ask());
    let text = '';
    for await (const delta of result.textStream) text += delta;
    expect(text).toBe('to be or not');
    expect((await result.usage).totalTokens).toBe(5);
    expect(await result.finishReason).toBe('stop');
  });

  it('generates an object of a schema', async () => {
    api.chat.models.text = '{"city":"Oslo","degrees":3}';
    const schema = z.object({ city: z.string(), degrees: z.number() });
    const { object } = await generateObject({ ...ask(), schema });
    expect(object).toEqual({ city: 'Oslo', degrees: 3 });
    expect(api.chat.models.wishes.at(-1)?.format?.schema).toMatchObject({ type: 'object' });
  });

  it('calls tools until there is an answer, whole and streaming', async () => {
    api.chat.models.callFor = ({ prompt }) =>
      'messages' in prompt && prompt.messages.some(({ role }) => role === 'tool')
        ? undefined
        : { name: 'weather', arguments: '{"city":"Oslo"}' };
    const weather = tool({
      description: 'the weather of a city',
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => `sunny in ${city}`,
    });
    const wish = { ...ask(), tools: { weather }, stopWhen: isStepCount(3) };
    const { text, steps } = await generateText(wish);
    expect([text, steps.length]).toEqual(['to be or not', 2]);
    expect(steps[0]?.toolResults[0]?.output).toBe('sunny in Oslo');
    expect(await streamText(wish).text).toBe('to be or not');
  });

  it('embeds texts', async () => {
    const model = provider.embeddingModel('fake');
    const { embeddings } = await embedMany({ model, values: ['four', 'seventy'], maxRetries: 0 });
    expect(embeddings).toEqual([
      [4, 1],
      [7, 1],
    ]);
  });

  it('ends its answer by leaving', async () => {
    const told = gate();
    api.chat.models.beforeAnswer = async (_wish, signal) => {
      signal.addEventListener('abort', () => told.open());
      await told.pass();
    };
    const leaving = new AbortController();
    const answering = generateText({ ...ask(), abortSignal: leaving.signal });
    await told.reached;
    leaving.abort();
    await expect(answering).rejects.toThrow();
    await told.pass();
  });

  it('is told of errors, before and in the middle of an answer', async () => {
    await expect(generateText({ ...ask(), model: provider('none') })).rejects.toMatchObject({
      statusCode: 404,
      message: expect.stringContaining('no model "none" is served'),
    });
    api.chat.models.beforeWord = async (_wish, index) => {
      if (index === 1) throw new EngineLost('the engine died', 'Ask again.');
    };
    const errors: unknown[] = [];
    const result = streamText({ ...ask(), onError: ({ error }) => void errors.push(error) });
    let text = '';
    for await (const delta of result.textStream) text += delta;
    expect(text).toBe('to');
    expect(JSON.stringify(errors)).toContain('the engine died');
  });

  it('called nobody else', () => expect(api.elsewhere()).toEqual([]));
});
