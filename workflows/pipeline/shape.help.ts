/** Help for a field, read from its schema: description and example, the same that editors show. */
import { z } from 'zod';
import type { Path } from './finding.js';

/** "steps that come before this one, like needs: [verify, test]"; of the nearest field that has any. */
export function helpAt(schema: z.ZodType, path: Path): string {
  for (const [depth, step] of [...walk(schema, path).entries()].reverse()) {
    const metas = layers(step).map((layer) => layer.meta());
    const description = metas.find((meta) => meta?.description)?.description ?? '';
    const example = metas.find((meta) => meta?.examples)?.examples as unknown[] | undefined;
    const field = path[depth - 1];
    if (description !== '' || example !== undefined)
      return sentence(description, example?.[0], field);
  }
  return '';
}

function sentence(
  description: string,
  example: unknown,
  field: string | number | undefined,
): string {
  const said = description
    .replace(/\.$/, '')
    .replace(/\. Default: (.*)$/, ' (default: $1)')
    .replace(/^[A-Z](?=[a-z ])/, (c) => c.toLowerCase());
  if (example === undefined) return said;
  const written = typeof field !== 'string' ? flow(example) : `${field}: ${flow(example)}`;
  return said === '' ? `write it like ${written}` : `${said}, like ${written}`;
}

/** The names that the mapping at `path` may hold. */
export function fieldsAt(schema: z.ZodType, path: Path): string[] {
  const here = layers(walk(schema, path).at(-1)).at(-1);
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

/** The schema itself, then that of each part of the path, as far as it is known. */
function walk(schema: z.ZodType, path: Path): z.ZodType[] {
  const steps = [schema];
  for (const part of path) {
    const next = within(layers(steps.at(-1)).at(-1), part);
    if (next === undefined) break;
    steps.push(next);
  }
  return steps;
}

function within(schema: z.ZodType | undefined, part: string | number): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, z.ZodType>)[part];
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (!(schema instanceof z.ZodUnion)) return undefined;
  return (schema.options as z.ZodType[]).map((option) => within(option, part)).find(Boolean);
}

/** A schema without its optional and nullable: outermost first. */
function layers(schema: z.ZodType | undefined): z.ZodType[] {
  if (schema === undefined) return [];
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  return isWrapped ? [schema, ...layers(schema.unwrap() as z.ZodType)] : [schema];
}

/** Our own examples as people write them in YAML. */
function flow(example: unknown): string {
  return JSON.stringify(example, null, 1)
    .replace(/\n\s*/g, ' ')
    .replace(/([[{]) /g, '$1')
    .replace(/ ([\]}])/g, '$1')
    .replace(/"([\w./][\w./ -]*)"/g, '$1');
}
