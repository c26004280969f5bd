import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Tool, Wish } from '../../workflows/domain/chat.js';
import { WishRefused } from '../platform/model-errors.js';
import { EngineStand, wishFor } from './testing.js';

// Tools as people write them for other servers, who take their schemas as hints.

let stand: EngineStand;
beforeAll(async () => {
  stand = await EngineStand.create({ contextTokens: 4_096 });
  await stand.serve('random', 'random');
  await stand.models.follow();
});
afterAll(() => stand.remove());

type Schema = Record<string, unknown>;
const forced: Partial<Wish> = { toolChoice: 'required', sampling: { seed: 3, maxTokens: 1_500 } };
const toolOf = (parameters: Schema): Tool => ({ name: 'look', parameters });
const withA = (a: unknown, more: Schema = {}) => ({ type: 'object', properties: { a }, ...more });

/** The arguments of a call that a model of random weights is made to say; undefined where it came to no end. */
async function argumentsFor(parameters: Schema): Promise<Schema | undefined> {
  const wish = wishFor('random', { ...forced, tools: [toolOf(parameters)] });
  const { calls, done } = await stand.answer(wish);
  if (done.reason === 'length') return undefined;
  expect(done.reason).toBe('toolCalls');
  return JSON.parse(calls[0]?.arguments ?? '') as Schema;
}

describe('a tool whose schema says more than a grammar keeps', () => {
  it('is called with arguments that keep the rest of it', async () => {
    const order = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        count: { type: 'integer', minimum: 1, maximum: 10, description: 'How many.' },
        code: { type: 'string', pattern: '^[A-Z]{3}$', maxLength: 3 },
        size: { enum: ['small', 'large'] },
        tags: { type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true, maxItems: 2 },
        at: { anyOf: [{ $ref: '#/definitions/place' }, { type: 'null' }] },
      },
      definitions: { place: { type: 'object', properties: { city: { const: 'Ulm' } } } },
      required: ['count', 'code', 'missing'],
      dependentRequired: { count: ['code'] },
      additionalProperties: false,
    };
    const given = await argumentsFor(order);
    expect(Object.keys(given ?? {})).toEqual(['count', 'code', 'size', 'tags', 'at']);
    expect(Number.isInteger(given?.['count'])).toBe(true);
    expect(['small', 'large']).toContain(given?.['size']);
    expect(String(given?.['code']).length).toBeLessThanOrEqual(3);
    expect([null, { city: 'Ulm' }]).toContainEqual(given?.['at']);
  });

  it.each<[string, Schema]>([
    ['a bound', withA({ type: 'number', exclusiveMinimum: 0, multipleOf: 0.5 })],
    ['a pattern of names', withA({ type: 'object', patternProperties: { '^x': {} } })],
    ['a negation', withA({ type: 'boolean', not: { const: true } })],
    ['a condition', withA({ type: 'boolean' }, { if: { required: ['a'] }, else: {} })],
    ['one of two needed names', withA({ const: 1 }, { anyOf: [{ required: ['a'] }, {}] })],
    ['several at once', withA({ allOf: [{ type: 'string' }, { minLength: 1 }] })],
    ['nothing of a part', withA({})],
    ['yes for a part', withA(true)],
    ['a type that nobody knows', withA({ type: 'date' })],
    ['an address elsewhere', withA({ $ref: 'https://example.org/x' })],
    ['definitions inside', withA({ type: 'null', $defs: { a: {} } })],
    ['objects as the values that there are', withA({ enum: [{ a: 1 }, [2]] })],
    ['a list longer than any answer', withA({ type: 'array', maxItems: 1_000_000 })],
    ['a circle of nothing', withA({ $ref: '#/$defs/b' }, { $defs: { b: { $ref: '#/$defs/b' } } })],
    ['its root elsewhere', { $ref: '#/definitions/b', definitions: { b: withA({ const: 1 }) } }],
  ])('is called where that is %s', async (_what, parameters) => {
    const pid = stand.models.pidOf('random');
    const given = await argumentsFor(parameters);
    if (given !== undefined) expect(typeof given).toBe('object');
    expect(stand.models.pidOf('random')).toBe(pid);
  });

  it('is shown to the model with what is not enforced', async () => {
    const count = (a: Schema) =>
      stand.models.count({
        ...wishFor('random'),
        tools: [toolOf(withA({ type: 'string', ...a }))],
      });
    const plain = await count({});
    expect(await count({ pattern: '^[A-Z]+$' })).toBeGreaterThan(plain + 10);
    expect(await count({ pattern: 'x'.repeat(1_000) })).toBe(plain);
  });

  it('is refused where it is strict', async () => {
    const strict = { ...toolOf(withA({ type: 'integer', minimum: 1 })), strict: true };
    const answer = stand.answer(wishFor('random', { ...forced, tools: [strict] }));
    await expect(answer).rejects.toThrow('"minimum"');
  });

  it('is refused all the same where it is no schema of an object, or too large', async () => {
    let deep: Schema = { type: 'string' };
    for (let depth = 0; depth < 100; depth++) deep = { type: 'array', items: deep };
    const parts = Object.fromEntries(Array.from({ length: 2_001 }, (_each, n) => [`p${n}`, {}]));
    for (const bad of [
      { type: 'string', properties: { a: {} } },
      withA(deep),
      { type: 'object', properties: parts },
    ]) {
      const answer = stand.answer(wishFor('random', { ...forced, tools: [toolOf(bad)] }));
      await expect(answer).rejects.toThrow(WishRefused);
    }
  });
});
