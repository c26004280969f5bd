/** What zod says about a value, in words for somebody who writes a pipeline. */
import { z } from 'zod';
import { listed, type Path, type Problem, quote } from './finding.js';
import { isMapping } from './schema.parts.js';
import { fieldsAt, helpAt } from './shape.help.js';
import { didYouMean } from './suggest.js';

type Issue = z.core.$ZodIssue;

/** Every way in which `value` is not of the schema. `path` is where the value stands. */
export function shapeProblems(schema: z.ZodType, value: unknown, path: Path): Problem[] {
  const { error } = schema.safeParse(value);
  const teller = new Teller(schema, value, path);
  return (error?.issues ?? []).flatMap((issue) => teller.tell(issue, []));
}

/** Parts of the language that later versions bring: named, so that nobody searches for a typo. */
const LATER = new Set(
  (
    'concurrency failFast use pullRequest tag schedule ' +
    'matrix secrets runsOn reports waivers train evaluate promote'
  ).split(' '),
);

/** Words for a step's "no" in `retry.on`. */
const NO = ['failed', 'failure', 'fail', 'no', 'always'];

class Teller {
  constructor(
    private readonly schema: z.ZodType,
    private readonly value: unknown,
    private readonly path: Path,
  ) {}

  /** `above` is the path of the union that the issue was found in. */
  tell(issue: Issue, above: Path): Problem[] {
    const inside = [...above, ...(issue.path as Path)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => this.unknownField(inside, key));
    }
    if (issue.code === 'invalid_union') {
      const branch = issue.errors.find((issues) => !issues.some(isOtherType));
      if (branch !== undefined) return branch.flatMap((nested) => this.tell(nested, inside));
    }
    if (issue.code === 'invalid_key') {
      const said = issue.issues.map((nested) => ruleOf(nested)).join(' and ');
      return [this.problem(inside, `the name ${said}`)];
    }
    const found = valueAt(this.value, inside);
    if (found === undefined && issue.code !== 'custom') {
      return [this.problem(inside, 'is missing')];
    }
    if (inside.at(-3) === 'retry' && inside.at(-2) === 'on' && NO.includes(String(found))) {
      return [this.noIsFinal(inside)];
    }
    const shown = isMapping(found) || Array.isArray(found) ? '' : `, and this is ${show(found)}`;
    const asked = issue.code === 'invalid_type' || issue.code === 'invalid_union';
    return [
      this.problem(inside, `${ruleOf(issue)}${asked ? `, and this is ${show(found)}` : shown}`),
    ];
  }

  private unknownField(inside: Path, key: string): Problem {
    const path = [...this.path, ...inside, key];
    if (LATER.has(key)) {
      const message = `this version of Slipway does not know ${quote(key)}`;
      return { path, message, help: 'remove it; it comes with a later version' };
    }
    const known = fieldsAt(this.schema, inside);
    const help = () => didYouMean(key, known, `known here: ${listed(known, 30)}`);
    return { path, message: `there is no field ${quote(key)} here`, help };
  }

  private noIsFinal(inside: Path): Problem {
    return {
      path: [...this.path, ...inside],
      message: "a step's no is never tried again: the same commit gets the same answer",
      help: 'retry.on takes lost, errored and timeout; make a shaky command try by itself',
    };
  }

  private problem(inside: Path, message: string): Problem {
    return { path: [...this.path, ...inside], message, help: () => helpAt(this.schema, inside) };
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** What the schema asks for: our own message where it has one. */
function ruleOf(issue: Issue): string {
  if (/^(must|is) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type') return `must be ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(show).join(' or ')}`;
  if (issue.code === 'too_big') return most(issue.maximum, issue.origin);
  if (issue.code === 'too_small') return least(issue.minimum, issue.origin);
  return 'must be written in another way';
}

function most(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `must be at most ${limit} characters long`;
  return origin === 'array' ? `must hold at most ${limit} entries` : `must be at most ${limit}`;
}

function least(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `must be at least ${limit} characters long`;
  return origin === 'array' ? `must hold at least ${limit} of them` : `must be at least ${limit}`;
}

function isOtherType(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code === 'invalid_type';
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  if (value === null || value === undefined) return 'empty';
  return quote(value);
}

export function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (Array.isArray(here)) here = here[Number(part)];
    else if (isMapping(here)) here = here[part];
    else return undefined;
  }
  return here;
}
