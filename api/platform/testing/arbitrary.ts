/** Requests made from an OpenAPI document: some as it says, most of them a little or entirely wrong. */
import fc, { type Arbitrary } from 'fast-check';

export type Schema = Record<string, unknown>;

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface Operation {
  method: string;
  /** `/api/v1/runs/{id}`. */
  path: string;
  parameters: Parameter[];
  body: Schema | undefined;
  /** By status: schemas of the answer by media type. */
  responses: Record<string, Record<string, Schema>>;
}

export interface Made {
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** Names that are in use, by parameter or field, so that requests come further than "not found". */
export type Known = Record<string, readonly string[]>;

const NASTY = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\u202etxt.exe',
  '\u001b[2J',
  '..',
  '../../etc/passwd',
  "' OR 1=1 --",
  '%00',
  '%',
  '__proto__',
  'constructor',
  'null',
  '-1',
  '1e999',
  '9007199254740993',
  'NaN',
  '${{ inputs.x }}',
  '👩‍👩‍👧',
  'a'.repeat(5_000),
];

const nasty = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

/** Bodies that are no JSON, or JSON that nobody should build an object from. */
const BROKEN = [
  '',
  '{',
  '[',
  '"',
  '{"a":1}}',
  '\ufeff{}',
  '{"__proto__":{"a":1}}',
  '['.repeat(20_000),
  'nul',
];

export function requestTo(operation: Operation, known: Known): Arbitrary<Made> {
  const { parameters } = operation;
  const values = fc.tuple(...parameters.map((one) => parameter(one, known)));
  return fc
    .record({ values, body: body(operation.body, known), surplus: fc.option(nasty, { freq: 12 }) })
    .map(({ values: given, body: { text, type }, surplus }) => {
      let path = operation.path;
      const query = new URLSearchParams();
      for (const [index, { name, in: where }] of parameters.entries()) {
        const value = given[index];
        if (value === undefined) continue;
        if (where === 'path') path = path.replace(`{${name}}`, encoded(value));
        if (where === 'query') query.append(name, value.toWellFormed());
      }
      if (surplus !== null) query.append(surplus.toWellFormed(), 'x');
      const search = query.size > 0 ? `?${query.toString()}` : '';
      const headers: Record<string, string> = text === undefined ? {} : { 'content-type': type };
      return { url: path + search, headers, body: text };
    });
}

/** A path's part may hold anything but what would make it another path. */
function encoded(value: string): string {
  const text = encodeURIComponent(value.toWellFormed()).replaceAll('.', '%2E');
  return text === '' ? '%20' : text;
}

function parameter({ name, in: where, required, schema }: Parameter, known: Known) {
  const good = known[name] ? fc.constantFrom(...known[name]) : fitting(schema, known).map(String);
  const value = fc.oneof(
    { weight: 6, arbitrary: good },
    { weight: 1, arbitrary: fitting(schema, known).map(String) },
    { weight: 1, arbitrary: nasty },
  );
  if (required || where === 'path') return value;
  return fc.option(value, { nil: undefined, freq: 2 });
}

function body(schema: Schema | undefined, known: Known) {
  const json = 'application/json';
  const none = fc.constant({ text: undefined as string | undefined, type: json });
  const broken = fc.record({
    text: fc.oneof(fc.constantFrom(...BROKEN), fc.json(), fc.string({ maxLength: 200 })),
    type: fc.constantFrom(json, json, 'text/plain', 'application/xml', 'multipart/form-data', 'x'),
  });
  if (!schema) return fc.oneof({ weight: 9, arbitrary: none }, { weight: 1, arbitrary: broken });
  const sent = (value: unknown) => ({
    text: JSON.stringify(value) as string | undefined,
    type: json,
  });
  const good = fitting(schema, known);
  return fc.oneof(
    { weight: 5, arbitrary: good.map(sent) },
    { weight: 5, arbitrary: good.chain(damaged).map(sent) },
    { weight: 1, arbitrary: fc.jsonValue().map(sent) },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: none },
  );
}

/** One field more, one less, or one that is something else. */
function damaged(value: unknown): Arbitrary<unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return fc.jsonValue();
  const fields = Object.entries(value);
  const name =
    fields.length > 0 ? fc.constantFrom(...fields.map(([one]) => one)) : fc.constant('x');
  return fc.oneof(
    fc
      .tuple(name, fc.oneof(nasty, fc.jsonValue()))
      .map(([one, other]) => ({ ...value, [one]: other })),
    fc.tuple(nasty, fc.jsonValue()).map(([one, other]) => ({ ...value, [one]: other })),
    name.map((gone) => Object.fromEntries(fields.filter(([one]) => one !== gone))),
  );
}

/** What fits a schema; of the keywords that our documents use. */
function fitting(schema: Schema, known: Known): Arbitrary<unknown> {
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const variants = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(variants)) return fc.oneof(...variants.map((one) => fitting(one, known)));
  switch (schema['type']) {
    case 'string':
      return textOf(schema);
    case 'integer':
    case 'number':
      return fc.integer({
        min: Number(schema['minimum'] ?? 0),
        max: Math.min(Number(schema['maximum'] ?? 1_000), 2_147_483_647),
      });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(fitting(schema['items'] as Schema, known), {
        minLength: Number(schema['minItems'] ?? 0),
        maxLength: Math.min(Number(schema['maxItems'] ?? 4), 4),
      });
    case 'object':
      return objectOf(schema, known);
    default:
      return fc.jsonValue();
  }
}

function objectOf(schema: Schema, known: Known): Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const fields = properties.map(([name, one]) => {
    const value = fitting(one, known);
    const names = known[name];
    return [name, names ? fc.oneof(fc.constantFrom(...names), value) : value] as const;
  });
  const requiredKeys = (schema['required'] ?? []) as string[];
  const named = fc.record(Object.fromEntries(fields), { requiredKeys });
  const others = schema['additionalProperties'];
  if (others === null || typeof others !== 'object') return named;
  const more = fc.dictionary(fc.string({ maxLength: 10 }), fitting(others as Schema, known), {
    maxKeys: 3,
  });
  return fc.tuple(named, more).map(([fixed, rest]) => ({ ...rest, ...fixed }));
}

function textOf({ pattern, maxLength, minLength, format }: Schema): Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  const length = {
    minLength: Number(minLength ?? 0),
    maxLength: Math.min(Number(maxLength ?? 40), 40),
  };
  const isName = typeof pattern === 'string' && /^\^\[[^^]/.test(pattern);
  if (isName)
    return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, length.maxLength));
  return fc.string({ unit: 'grapheme', ...length });
}
