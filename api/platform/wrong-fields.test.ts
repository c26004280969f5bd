import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { plainText, RunId } from '../../workflows/domain/names.js';
import { type Issue, wrongFields } from './wrong-fields.js';

// What people are told: no word of the validator's own.

function told(schema: z.ZodType, value: unknown, whole?: string): string[] {
  const { error } = schema.safeParse(value);
  const fields = (error?.issues ?? []).flatMap((issue) => wrongFields(issue as Issue, whole));
  return fields.map(({ field, message }) => `${field}: ${message}`);
}

describe('a wrong field', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.string(), undefined, 'is missing; it must be a text'],
    [z.string(), 5, 'must be a text, not a number'],
    [z.int(), 0.5, 'must be a whole number'],
    [z.coerce.number(), 'x', 'must be a number'],
    [z.array(z.string()), 'x', 'must be a list, not a text'],
    [z.record(z.string(), z.string()), [], 'must be an object, not a list'],
    [z.boolean(), null, 'must be true or false, not null'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(3), '', 'must have at least 3 characters'],
    [z.string().max(1), 'ab', 'must have at most 1 character'],
    [z.array(z.string()).min(1), [], 'must not be empty'],
    [z.array(z.string()).max(2), ['a', 'b', 'c'], 'must have at most 2 items'],
    [z.int().min(1), 0, 'must be at least 1'],
    [z.int().max(9), 10, 'must be at most 9'],
    [z.enum(['a', 'b']), 'c', 'must be one of "a", "b"'],
    [z.literal('a'), 'c', 'must be "a"'],
    [z.uuid(), 'x', 'must be a uuid'],
    [RunId, 'X', 'must be a lowercase RFC 1123 label, like "web-42"'],
    [RunId.or(z.literal('lint')), 'X', 'must be a lowercase RFC 1123 label, like "web-42"'],
    [plainText(9), 'a\0', 'must not hold NUL, or half a character'],
    [plainText(9), '\ud800', 'must not hold NUL, or half a character'],
  ])('%# says what it must be', (schema, value, words) => {
    expect(told(z.object({ it: schema }), { it: value })).toEqual([`it: ${words}`]);
  });

  it('is named by its path, a parameter by its own name, and a long name only in part', () => {
    expect(told(z.object({ a: z.array(z.string()) }), { a: ['x', 1] })[0]).toContain('a.1: ');
    expect(told(z.uuid(), 'x', 'id')).toEqual(['id: must be a uuid']);
    expect(told(z.string(), null)).toEqual([': must be a text, not null']);
    const [long = ''] = told(z.strictObject({}), { ['x'.repeat(1_000)]: 1 });
    expect(long).toMatch(/^x{199}…: there is no such field/);
  });
});
