/**
 * Schemas of tools are hints unless they are strict. What a grammar can keep of them stays; what it cannot
 * is left out of it, and said to the model with the description.
 */
import { MAX_SCHEMA_DEPTH } from '../engine.protocol.js';
import { definitionsOf, IGNORED, isLiteral, nameOfReference, TYPES } from './schema.js';

type Node = Record<string, unknown>;

/** A grammar wants to hear of some type. */
const ANY = ['object', 'array', 'string', 'number', 'boolean', 'null'];
/** What counts parts of a value. Grammars that count further are too large. */
const COUNTS = ['minItems', 'maxItems', 'minProperties', 'maxProperties', 'minLength', 'maxLength'];
const MAX_COUNT = 500;
/** Of one word of a schema, as the model is told of it. */
const MAX_HINT_CHARS = 200;

/** A schema that a grammar keeps, but for its size and for what it may refer to in circles. */
export function hintsOf(schema: Node): Node {
  const definitions = definitionsOf(schema);
  const hints = new Hints(definitions);
  const name = nameOfReference(schema['$ref']);
  const target = name === undefined ? undefined : definitions[name];
  const { $defs: _, definitions: __, ...root } = isNode(target) ? target : schema;
  const $defs = Object.entries(definitions).map(([each, given]) => [each, hints.of(given, 1)]);
  return {
    ...hints.of(root, 0),
    ...($defs.length > 0 ? { $defs: Object.fromEntries($defs) } : {}),
  };
}

class Hints {
  /** @param known what may be referred to. */
  constructor(private readonly known: Node) {}

  of(given: unknown, depth: number): Node {
    if (!isNode(given)) return { type: ANY };
    // As deep as it is, it is refused by whoever reads it.
    if (depth > MAX_SCHEMA_DEPTH) return given;
    const kept = this.shape(given, (child) => this.of(child, depth + 1));
    const description = described(given, kept);
    return description === '' ? kept : { ...kept, description };
  }

  private shape(node: Node, down: (child: unknown) => Node): Node {
    const { $ref, const: only, enum: values, allOf } = node;
    if (this.isKnown($ref)) return { $ref };
    if ('const' in node && isLiteral(only)) return { const: only };
    const literals = listOf(values).filter(isLiteral);
    if (literals.length > 0) return { enum: literals };
    const types = typesOf(node);
    if (types.length > 0) return { type: types, ...partsOf(node, down) };
    const choices = [node['oneOf'], node['anyOf']].map(listOf).find(({ length }) => length > 0);
    if (choices) return { anyOf: choices.map(down) };
    const [sole, ...more] = listOf(allOf);
    return sole !== undefined && more.length === 0 ? down(sole) : { type: ANY };
  }

  private isKnown(reference: unknown): boolean {
    const name = nameOfReference(reference);
    return name !== undefined && Object.hasOwn(this.known, name);
  }
}

function typesOf(node: Node): string[] {
  const given = [node['type'] ?? []].flat().map(String);
  const types = given.filter((type) => TYPES.has(type));
  if (types.length === 0 && isNode(node['properties'])) types.push('object');
  if (types.length === 0 && isNode(node['items'])) types.push('array');
  const isNullable = node['nullable'] === true && types.length > 0;
  return isNullable && !types.includes('null') ? [...types, 'null'] : types;
}

/** What is inside of objects, lists and texts. */
function partsOf(node: Node, down: (child: unknown) => Node): Node {
  const { properties, additionalProperties: more, items, prefixItems, format } = node;
  const inside = isNode(properties) ? Object.entries(properties) : [];
  const named = inside.map(([name, each]) => [name, down(each)]);
  const first = listOf(prefixItems).map(down);
  const counts = COUNTS.filter((word) => isCount(node[word]));
  return {
    ...(named.length > 0 ? { properties: Object.fromEntries(named) } : {}),
    ...(typeof more === 'boolean' ? { additionalProperties: more } : {}),
    ...(isNode(more) ? { additionalProperties: down(more) } : {}),
    ...(isNode(items) ? { items: down(items) } : {}),
    ...(first.length > 0 ? { prefixItems: first } : {}),
    ...Object.fromEntries(counts.map((word) => [word, node[word]])),
    ...(typeof format === 'string' ? { format } : {}),
  };
}

/** The description, and behind it what is not kept. */
function described(given: Node, kept: Node): string {
  const { description = kept['description'] } = given;
  const own = typeof description === 'string' ? [description] : [];
  const hints = Object.entries(given)
    .filter(([word]) => word !== 'description' && !IGNORED.has(word) && !(word in kept))
    .filter(([, value]) => !isAnyNumber(value))
    .map(([word, value]) => `${word}: ${JSON.stringify(value)}`)
    .filter(({ length }) => length <= MAX_HINT_CHARS);
  return [...own, ...(hints.length > 0 ? [`(${hints.join(', ')})`] : [])].join(' ');
}

/** Bounds that every whole number of JavaScript keeps. */
function isAnyNumber(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) >= Number.MAX_SAFE_INTEGER;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_COUNT;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
