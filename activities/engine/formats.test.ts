import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Tool, Wish } from '../../workflows/domain/chat.js';
import { WishRefused } from '../platform/model-errors.js';
import { EngineStand, wishFor } from './testing.js';

// Random weights say nothing by themselves: what is right in these answers was enforced.

let stand: EngineStand;
beforeAll(async () => {
  stand = await EngineStand.create({ contextTokens: 2_048 });
  await stand.serve('random', 'random');
  await stand.serve('caller', 'caller');
  await stand.models.follow();
});
afterAll(() => stand.remove());

const weather: Tool = {
  name: 'weather',
  description: 'The weather of a place.',
  parameters: {
    type: 'object',
    properties: {
      unit: { type: 'string', enum: ['celsius', 'kelvin'] },
      days: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
    },
    required: ['unit', 'days'],
    additionalProperties: false,
  },
};
const time: Tool = { name: 'weather_time' };
const json = (schema?: Record<string, unknown>): Partial<Wish> => ({
  format: { kind: 'json', ...(schema ? { schema } : {}) },
});

describe('an answer of a format', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Mood',
    type: 'object',
    properties: {
      mood: { enum: ['good', 'bad'] },
      sure: { type: 'boolean' },
      next: { anyOf: [{ $ref: '#/$defs/step' }, { type: 'null' }] },
    },
    $defs: { step: { type: 'object', properties: { at: { const: 1 } } } },
  };

  it('is JSON of its schema, whatever the model is inclined to say', async () => {
    for (const seed of [1, 2, 3]) {
      const sampling = { seed, temperature: 1 };
      const { text, done } = await stand.answer(wishFor('random', { ...json(schema), sampling }));
      expect(done.reason).toBe('stop');
      const value = JSON.parse(text) as Record<string, unknown>;
      expect(Object.keys(value)).toEqual(['mood', 'sure', 'next']);
      expect(['good', 'bad']).toContain(value['mood']);
      expect(typeof value['sure']).toBe('boolean');
      expect([null, { at: 1 }]).toContainEqual(value['next']);
    }
  });

  it('goes on from where it was begun', async () => {
    const begun = '{"mood": "bad", "sure": ';
    const { text } = await stand.answer(wishFor('random', { ...json(schema), begun }));
    expect(JSON.parse(begun + text)).toMatchObject({ mood: 'bad' });
    const wrong = stand.answer(wishFor('random', { ...json(schema), begun: '{"mad' }));
    await expect(wrong).rejects.toThrow(WishRefused);
  });

  it('is any JSON object without a schema', async () => {
    const sampling = { maxTokens: 200, seed: 4 };
    const { text, done } = await stand.answer(wishFor('random', { ...json(), sampling }));
    if (done.reason === 'stop') expect(() => JSON.parse(text)).not.toThrow();
    expect(text.trimStart().startsWith('{')).toBe(true);
  });

  it.each([
    ['a pattern', { type: 'string', pattern: '^a' }, '"pattern"'],
    ['a bound of a number', { type: 'integer', minimum: 3 }, '"minimum"'],
    ['a type that nobody knows', { type: 'thing' }, '"type"'],
    ['a part that is not there', { $ref: 'https://example.org/x' }, 'example.org'],
    ['a negation', { type: 'object', properties: { a: { not: {} } } }, '#/properties/a'],
  ])('is refused for %s, which no grammar keeps', async (_what, bad, named) => {
    const answer = stand.answer(wishFor('random', json(bad)));
    await expect(answer).rejects.toThrow(WishRefused);
    await expect(answer).rejects.toThrow(named);
  });

  it('is refused for a schema that is deeper than any need', async () => {
    let deep: Record<string, unknown> = { type: 'string' };
    for (let depth = 0; depth < 100; depth++) deep = { type: 'array', items: deep };
    await expect(stand.answer(wishFor('random', json(deep)))).rejects.toThrow('too large');
  });
});

describe('a schema that nobody should send', () => {
  const loop = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } };
  const named = { type: 'object', properties: { 'a"b\\c\n\u0000é': { type: 'null' } } };

  it.each<[string, Record<string, unknown>]>([
    ['refers to itself and nothing else', loop],
    ['has names with quotes, line ends and zeros', named],
    ['wants a list longer than any answer', { type: 'array', items: {}, minItems: 1_000_000 }],
    ['has nonsense where parts should be', { type: 'object', properties: 'abc' }],
    ['has null where parts should be', { type: 'array', items: null }],
    ['allows nothing', { enum: [] }],
    ['has parts deep inside', { type: 'array', items: { type: 'null', $defs: { a: {} } } }],
  ])('is refused and ends no engine when it %s', async (_what, bad) => {
    const pid = stand.models.pidOf('random');
    await expect(stand.answer(wishFor('random', json(bad)))).rejects.toThrow(WishRefused);
    expect(stand.models.pidOf('random')).toBe(pid);
  });
});

describe('an answer that calls a tool', () => {
  it('has a name that there is and arguments of its schema when a call is required', async () => {
    const tools = [weather, time];
    for (const seed of [1, 2, 3, 4]) {
      const wish = wishFor('random', { tools, toolChoice: 'required', sampling: { seed } });
      const { calls, done, text } = await stand.answer(wish);
      expect([text, done.reason]).toEqual(['', 'toolCalls']);
      const [call] = calls;
      expect(tools.map(({ name }) => name)).toContain(call?.name);
      if (call?.name === 'weather') {
        expect(['celsius', 'kelvin']).toContain(JSON.parse(call.arguments).unit);
      } else expect(call?.arguments).toBe('{}');
    }
    const named = wishFor('random', { tools, toolChoice: { name: 'weather_time' } });
    expect((await stand.answer(named)).calls).toMatchObject([{ name: 'weather_time' }]);
  });

  it('may be one where the model chooses to call, after what it said first', async () => {
    const { text, calls, done } = await stand.answer(wishFor('caller', { tools: [weather] }));
    expect(text).toBe('Let me look. ');
    expect(done.reason).toBe('toolCalls');
    expect(calls).toMatchObject([{ name: 'weather' }]);
    expect(JSON.parse(calls[0]?.arguments ?? '')).toHaveProperty('days');
  });

  it('is plain text where no tool may be called', async () => {
    const wish = wishFor('caller', { tools: [weather], toolChoice: 'none' });
    expect(await stand.answer(wish)).toMatchObject({ text: 'Let me look. ||call: x', calls: [] });
  });

  it('is followed by an answer that knows the call and its result', async () => {
    const toolCalls = [{ id: 'c1', name: 'weather', arguments: '{"unit":"kelvin","days":1}' }];
    const messages = [
      { role: 'user' as const, content: 'How warm is it?' },
      { role: 'assistant' as const, content: '', toolCalls },
      { role: 'tool' as const, content: '{"kelvin":290}', toolCallId: 'c1' },
    ];
    const before = await stand.models.count(
      wishFor('random', { prompt: { messages: messages.slice(0, 1) } }),
    );
    const wish = wishFor('random', {
      prompt: { messages },
      tools: [weather],
      sampling: { maxTokens: 4 },
    });
    const { done } = await stand.answer(wish);
    expect(done.usage.promptTokens).toBeGreaterThan(before + 40);
  });

  it('is refused with a strict schema that no grammar keeps, and beside a format', async () => {
    const parameters = { type: 'object', properties: { a: { type: 'string', pattern: 'a' } } };
    const bad = { name: 'bad', parameters, strict: true };
    await expect(stand.answer(wishFor('random', { tools: [bad] }))).rejects.toThrow('"pattern"');
    const good = wishFor('random', {
      tools: [{ ...weather, strict: true }],
      toolChoice: 'required',
    });
    expect((await stand.answer(good)).calls).toMatchObject([{ name: 'weather' }]);
    const both = wishFor('random', { ...json(), tools: [weather] });
    await expect(stand.answer(both)).rejects.toThrow(WishRefused);
  });
});
