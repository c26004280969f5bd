/**
 * A pipeline as far as it can be read: what checks between steps need, also where other fields are
 * wrong. So a misspelt field in one step hides no cycle in another.
 */
import type { Path, Problem } from './finding.js';
import { KINDS, type Kind } from './schema.kinds.js';
import { isMapping } from './schema.parts.js';
import { valueAt } from './shape.js';

export interface SketchedStep {
  node: number;
  name: string;
  /** Empty when the step is no mapping. */
  fields: Record<string, unknown>;
  /** False when the step is something else than a mapping. */
  isMapped: boolean;
  /** Kinds that are written, whatever stands in them. */
  kinds: Kind[];
  /** The one kind; undefined when there is none or more than one. */
  kind: Kind | undefined;
  needs: Named[];
  /** `['steps', name]` */
  path: Path;
}

/** One of `anyOf` must come before `node`, directly or through others; otherwise this is a problem. */
export interface Claim {
  node: number;
  anyOf: number[];
  otherwise: Problem;
}

export interface Sketch {
  steps: SketchedStep[];
  byName: Map<string, SketchedStep>;
  /** Per step: the nodes that it needs, without unknown names and without itself. */
  needs: number[][];
  /** Inputs that may be given. */
  inputs: string[];
}

/** Looks at what no field alone can tell. */
export type Check = (sketch: Sketch) => (Problem | Claim)[];

export function sketchOf(file: unknown): Sketch {
  const entries = Object.entries(mappingAt(file, ['steps']));
  const steps = entries.map(([name, step], node) => sketchStep(name, step, node));
  const byName = new Map(steps.map((step) => [step.name, step]));
  const needs = steps.map(({ needs, node }) =>
    needs.flatMap(({ name }) => byName.get(name)?.node ?? []).filter((needed) => needed !== node),
  );
  return { steps, byName, needs, inputs: Object.keys(mappingAt(file, ['on', 'manual', 'inputs'])) };
}

function sketchStep(name: string, step: unknown, node: number): SketchedStep {
  const fields = mappingAt(step, []);
  const kinds = KINDS.filter((kind) => fields[kind] !== undefined);
  const kind = kinds.length === 1 ? kinds[0] : undefined;
  const path = ['steps', name];
  return {
    node,
    name,
    isMapped: isMapping(step),
    fields,
    kinds,
    kind,
    needs: namesAt(fields, ['needs'], path),
    path,
  };
}

export function mappingAt(value: unknown, path: Path): Record<string, unknown> {
  const found = valueAt(value, path);
  return isMapping(found) ? found : {};
}

/** A text in a list, and where it stands. */
export interface Named {
  name: string;
  path: Path;
}

/** The texts of a list, each once; nothing where there is no list. `above` is where `value` stands. */
export function namesAt(value: unknown, path: Path, above: Path): Named[] {
  const found = valueAt(value, path);
  const names = new Map<string, Named>();
  for (const [index, name] of Array.isArray(found) ? found.entries() : []) {
    if (typeof name !== 'string' || names.has(name)) continue;
    names.set(name, { name, path: [...above, ...path, index] });
  }
  return [...names.values()];
}

export function textAt(value: unknown, path: Path): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}
