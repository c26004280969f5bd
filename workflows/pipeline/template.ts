/**
 * Templates: `${{ inputs.x }}`, `${{ steps.a.outputs.b }}`, `${{ run.commit }}` inside text.
 *
 * A template is a dotted path and nothing else: no expressions, no functions, no defaults. To mean the
 * characters themselves, write a dollar sign more: `$${{` is the text `${{`.
 */

/** One `${{ … }}` as it was found. */
export interface Reference {
  /** The names between the dots; empty when what stands there is no dotted path. */
  path: string[];
  /** As written, with its brackets. */
  text: string;
}

/** Values that templates may name. `steps` holds the outputs of finished steps only. */
export interface Scope {
  inputs: Readonly<Record<string, string>>;
  steps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  run: Readonly<Record<RunField, string | number | null>>;
}

export const RUN_FIELDS = ['id', 'commit', 'branch', 'repository', 'pipeline', 'order'] as const;
export type RunField = (typeof RUN_FIELDS)[number];

/** What came out, or what could not be filled in. "No value" is an answer here, never thrown. */
export type Rendered =
  | { ok: true; text: string }
  | { ok: false; unknown: Reference; reason: string };

const OPEN = '${{';
const CLOSE = '}}';
const NAME = /^[a-zA-Z_][a-zA-Z0-9_-]*$/;

/** Every template in the text, in order, well-formed or not. */
export function references(text: string): Reference[] {
  return partsOf(text).filter((part) => typeof part !== 'string');
}

/** Fills in every template. A branch that a run does not have is the empty text. */
export function render(text: string, scope: Scope): Rendered {
  let filled = '';
  for (const part of partsOf(text)) {
    const value = typeof part === 'string' ? part : lookUp(part.path, scope);
    if (value === undefined) {
      const unknown = part as Reference;
      return { ok: false, unknown, reason: `${unknown.text} has no value in this run` };
    }
    filled += value;
  }
  return { ok: true, text: filled };
}

/** Plain text and references, alternating as written. One pass. */
function partsOf(text: string): (string | Reference)[] {
  const parts: (string | Reference)[] = [];
  let from = 0;
  for (;;) {
    const open = text.indexOf(OPEN, from);
    if (open === -1) return [...parts, text.slice(from)];
    if (text[open - 1] === '$' && open > from) {
      parts.push(text.slice(from, open - 1), OPEN);
      from = open + OPEN.length;
      continue;
    }
    const close = text.indexOf(CLOSE, open);
    const end = close === -1 ? text.length : close + CLOSE.length;
    const inside = text.slice(open + OPEN.length, close === -1 ? text.length : close);
    const path = close === -1 ? [] : inside.trim().split('.');
    parts.push(text.slice(from, open));
    parts.push({ path: path.every((n) => NAME.test(n)) ? path : [], text: text.slice(open, end) });
    from = end;
  }
}

function lookUp([root, name, outputs, output, ...more]: string[], scope: Scope) {
  if (more.length > 0 || root === undefined || name === undefined) return undefined;
  if (root === 'steps') {
    const known =
      outputs === 'outputs' && output !== undefined ? own(scope.steps, name) : undefined;
    return known === undefined ? undefined : own(known, output ?? '');
  }
  if (outputs !== undefined) return undefined;
  if (root === 'inputs') return own(scope.inputs, name);
  const value =
    root === 'run' ? own(scope.run as Record<string, string | number | null>, name) : undefined;
  return value === undefined ? undefined : String(value ?? '');
}

/** A scope is filled by users: `constructor` must not be found in it. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
