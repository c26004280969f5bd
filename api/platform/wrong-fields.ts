/** What zod found wrong, in words for the person who wrote the request. */
import type { WrongField } from './errors.js';

/** A field's name comes from the request: this much of it is repeated, characters. */
const MAX_FIELD_CHARS = 200;

/** What zod says, as it comes through the Standard Schema interface. */
export interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { key: PropertyKey }> | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly origin?: string;
  readonly format?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly values?: readonly unknown[];
  readonly errors?: readonly (readonly Issue[])[];
}

/** @param whole the name of what was parsed, where it is a single parameter. */
export function wrongFields(issue: Issue, whole = ''): WrongField[] {
  const inner = (issue.path ?? []).map((part) =>
    String(typeof part === 'object' ? part.key : part),
  );
  const path = whole === '' ? inner : [whole, ...inner];
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => ({
      field: named([...path, key]),
      message: 'there is no such field; remove it, or look for a typing mistake',
    }));
  }
  return [{ field: named(path), message: wordsFor(issue) }];
}

function named(path: readonly string[]): string {
  const name = path.join('.');
  return name.length > MAX_FIELD_CHARS ? `${name.slice(0, MAX_FIELD_CHARS - 1)}…` : name;
}

/** Schemas with words of their own keep them. */
function wordsFor(issue: Issue): string {
  const { code, message, values = [], errors } = issue;
  if (!/^(Invalid|Too|Unrecognized) /.test(message) && message !== 'Invalid input') return message;
  if (code === 'invalid_type') return wrongType(issue);
  if (code === 'too_small') return tooSmall(issue);
  if (code === 'too_big') return tooBig(issue);
  if (code === 'invalid_value')
    return `must be ${values.length > 1 ? 'one of ' : ''}${list(values)}`;
  if (code === 'invalid_format') return `must be a ${(issue.format ?? '').replaceAll('_', ' ')}`;
  const [first] = errors?.[0] ?? [];
  return first ? wordsFor(first) : message.replace(/^Invalid input: /, 'must be ');
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function wrongType({ expected = '', message }: Issue): string {
  const wanted = KINDS[expected] ?? expected;
  const got = /received (\w+)$/.exec(message)?.[1] ?? '';
  if (got === 'undefined') return `is missing; it must be ${wanted}`;
  const kind = got === expected || got === 'NaN' ? undefined : KINDS[got];
  return kind === undefined || expected === 'int'
    ? `must be ${wanted}`
    : `must be ${wanted}, not ${kind}`;
}

function tooSmall({ origin, minimum = 0 }: Issue): string {
  if (origin === 'string' || origin === 'array') {
    return Number(minimum) === 1
      ? 'must not be empty'
      : `must have at least ${counted(origin, minimum)}`;
  }
  return `must be at least ${minimum}`;
}

function tooBig({ origin, maximum = 0 }: Issue): string {
  if (origin === 'string' || origin === 'array')
    return `must have at most ${counted(origin, maximum)}`;
  return `must be at most ${maximum}`;
}

function counted(origin: string, count: number | bigint): string {
  const what = origin === 'string' ? 'character' : 'item';
  return `${count} ${what}${Number(count) === 1 ? '' : 's'}`;
}

function list(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}
