/**
 * Reads a JSON Schema into the part of it that a grammar can enforce. What a grammar cannot enforce is
 * refused by name, so that nobody relies on it; what only describes is left out.
 */
import type { GbnfJsonSchema } from 'node-llama-cpp';
import { MAX_SCHEMA_DEPTH, MAX_SCHEMA_PARTS } from '../engine.protocol.js';
import { refuse } from './refused.js';

/** They change nothing about which values are right, or are kept in any case. */
export const IGNORED: ReadonlySet<string> = new Set([
  ...['$schema', '$id', '$comment', 'title', 'default', 'examples', 'deprecated', 'readOnly'],
  ...['writeOnly', 'strict', 'contentEncoding', 'contentMediaType', 'nullable', 'required'],
]);
const KEPT = new Set([
  ...['type', 'properties', 'additionalProperties', 'items', 'prefixItems', 'minItems', 'maxItems'],
  ...['enum', 'const', 'oneOf', 'anyOf', 'allOf', '$ref', '$defs', 'definitions', 'description'],
  ...['minLength', 'maxLength', 'format', 'minimum', 'maximum', 'minProperties', 'maxProperties'],
]);
const FORMATS = new Set(['date-time', 'time', 'date']);
export const TYPES: ReadonlySet<string> = new Set([
  ...['string', 'number', 'integer', 'boolean', 'null', 'object', 'array'],
]);

type Node = Record<string, unknown>;
type Read = Record<string, unknown>;

/** @throws {Refused} that names the place and the word. */
export function grammarSchemaOf(schema: Node): GbnfJsonSchema {
  return new Reader(definitionsOf(schema)).read(schema, '#', 0) as GbnfJsonSchema;
}

class Reader {
  private parts = 0;

  /** @param known what may be referred to: the definitions at the root. */
  constructor(private readonly known: Node) {}

  read(given: unknown, path: string, depth: number): Read {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw refuse(`the schema at ${path} is no object; a grammar needs one`);
    }
    if (++this.parts > MAX_SCHEMA_PARTS || depth > MAX_SCHEMA_DEPTH) {
      throw refuse(
        `the schema is too large: it may have ${MAX_SCHEMA_PARTS} parts, ${MAX_SCHEMA_DEPTH} deep`,
      );
    }
    const node = given as Node;
    for (const word of Object.keys(node)) {
      if (!IGNORED.has(word) && !KEPT.has(word)) throw cannot(path, word);
    }
    const down = (child: unknown, step: string) => this.read(child, `${path}/${step}`, depth + 1);
    const described =
      typeof node['description'] === 'string' ? { description: node['description'] } : {};
    const defs = this.definitions(node, path, down);
    return { ...this.shape(node, path, down), ...described, ...defs };
  }

  private definitions(node: Node, path: string, down: Down): Read {
    const given = Object.entries(definitionsOf(node));
    if (given.length === 0) return {};
    if (path !== '#') throw refuse(`the schema at ${path} has "$defs"; they belong to its root`);
    return {
      $defs: Object.fromEntries(given.map(([name, each]) => [name, down(each, `$defs/${name}`)])),
    };
  }

  private shape(node: Node, path: string, down: Down): Read {
    if (typeof node['$ref'] === 'string') return { $ref: this.reference(node['$ref'], path) };
    const choices = node['oneOf'] ?? node['anyOf'];
    for (const list of [choices, node['enum']]) {
      if (Array.isArray(list) && list.length === 0)
        throw refuse(`the schema at ${path} allows nothing`);
    }
    if (Array.isArray(choices)) {
      return { oneOf: choices.map((each, index) => down(each, `oneOf/${index}`)) };
    }
    const all = node['allOf'];
    if (Array.isArray(all)) {
      if (all.length !== 1) throw cannot(path, 'allOf');
      return down(all[0], 'allOf/0');
    }
    if ('const' in node) return { const: literal(node['const'], path) };
    if (Array.isArray(node['enum']))
      return { enum: node['enum'].map((each) => literal(each, path)) };
    return this.typed(node, path, down);
  }

  private reference(reference: string, path: string): string {
    const name = nameOfReference(reference);
    if (name !== undefined && Object.hasOwn(this.known, name)) return `#/$defs/${name}`;
    throw refuse(`the schema at ${path} refers to "${reference}", which is not in its "$defs"`);
  }

  private typed(node: Node, path: string, down: Down): Read {
    const types = typesOf(node, path);
    if (types.length > 1) {
      const single = types.map((type) => this.ofType(type, { ...node, type }, path, down));
      return { oneOf: single };
    }
    return this.ofType(types[0] ?? 'null', node, path, down);
  }

  // A type, its node, where it stands, and the way down.
  private ofType(type: string, node: Node, path: string, down: Down): Read {
    switch (type) {
      case 'object':
        return { type, ...objectOf(node, path, down) };
      case 'array':
        return { type, ...arrayOf(node, down) };
      case 'string':
        return { type, ...stringOf(node) };
      case 'integer':
      case 'number':
        for (const word of ['minimum', 'maximum']) refuseBound(node[word], path, word);
        return { type };
      default:
        return { type };
    }
  }
}

type Down = (child: unknown, step: string) => Read;

function typesOf(node: Node, path: string): string[] {
  const given = node['type'] ?? guess(node);
  const types = Array.isArray(given) ? given : [given];
  if (node['nullable'] === true && !types.includes('null')) types.push('null');
  for (const type of types) {
    if (!TYPES.has(String(type))) throw refuse(`the schema at ${path} says no known "type"`);
  }
  return types as string[];
}

function guess(node: Node): string | undefined {
  if ('properties' in node || 'additionalProperties' in node) return 'object';
  return 'items' in node || 'prefixItems' in node ? 'array' : undefined;
}

function objectOf(node: Node, path: string, down: Down): Read {
  const properties = Object.entries((node['properties'] as Node | undefined) ?? {});
  const read = properties.map(([name, each]) => [name, down(each, `properties/${name}`)]);
  const more = node['additionalProperties'];
  const required = Array.isArray(node['required']) ? node['required'] : [];
  const missing = required.find((name) => !properties.some(([each]) => each === name));
  if (missing !== undefined) {
    throw refuse(`the schema at ${path} requires "${missing}", and does not say what it is`);
  }
  // Without properties any object is right; with them, only these are written.
  const isFree = properties.length === 0 && more === undefined;
  return {
    ...(read.length > 0 ? { properties: Object.fromEntries(read) } : {}),
    ...(isFree ? { additionalProperties: true } : {}),
    ...(typeof more === 'boolean' && properties.length === 0 ? { additionalProperties: more } : {}),
    ...(typeof more === 'object'
      ? { additionalProperties: down(more, 'additionalProperties') }
      : {}),
    ...numbers(node, 'minProperties', 'maxProperties'),
  };
}

function arrayOf(node: Node, down: Down): Read {
  const first = Array.isArray(node['prefixItems']) ? node['prefixItems'] : undefined;
  const items = typeof node['items'] === 'object' ? { items: down(node['items'], 'items') } : {};
  return {
    ...items,
    ...(first
      ? { prefixItems: first.map((each, index) => down(each, `prefixItems/${index}`)) }
      : {}),
    ...numbers(node, 'minItems', 'maxItems'),
  };
}

function stringOf(node: Node): Read {
  const format = node['format'];
  return typeof format === 'string' && FORMATS.has(format)
    ? { format }
    : numbers(node, 'minLength', 'maxLength');
}

function numbers(node: Node, ...words: string[]): Read {
  const given = words.filter((word) => typeof node[word] === 'number');
  return Object.fromEntries(given.map((word) => [word, node[word]]));
}

/** Bounds that every whole number of JavaScript keeps are what generators of schemas write for "any". */
function refuseBound(bound: unknown, path: string, word: string): void {
  if (bound === undefined || Math.abs(Number(bound)) >= Number.MAX_SAFE_INTEGER) return;
  throw cannot(path, word);
}

type Literal = string | number | boolean | null;

/** Lists and objects are no values that a grammar could list. */
export function isLiteral(value: unknown): value is Literal {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function literal(value: unknown, path: string): Literal {
  if (isLiteral(value)) return value;
  throw refuse(
    `the schema at ${path} lists a value that is neither text, number, boolean nor null`,
  );
}

/** Of a definition at the root; undefined for a reference to anything else. */
export function nameOfReference(reference: unknown): string | undefined {
  if (typeof reference !== 'string') return undefined;
  return /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(reference)?.[1];
}

export function definitionsOf(node: Node): Node {
  return { ...(node['definitions'] as Node), ...(node['$defs'] as Node) };
}

function cannot(path: string, word: string) {
  return refuse(`a grammar cannot keep "${word}" of the schema at ${path}; leave it out`);
}
