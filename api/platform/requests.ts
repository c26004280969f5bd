/** Schemas of what comes in by address: paging, and a pipe that names every wrong field. */
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { z } from 'zod';
import { DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS } from '../client/wire.js';
import { BadInput, type WrongField } from './errors.js';

/** Wrong fields that one answer names. */
const MAX_WRONG_FIELDS = 100;

/** Of every list. `cursor` is `next` of the page before. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ITEMS).default(DEFAULT_PAGE_ITEMS),
  cursor: z.string().max(500).optional(),
};
export const Paging = z.strictObject(paging);
export type Paging = z.infer<typeof Paging>;

/** Drops what is undefined, for filters with optional fields. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<T>;
}
/** A field that may be undefined is absent instead. */
export type Given<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** What zod says, as it comes through the Standard Schema interface. */
interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { key: PropertyKey }> | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
}

/** @throws {BadInput} */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) =>
      new BadInput((issues as readonly Issue[]).flatMap(wrongFields).slice(0, MAX_WRONG_FIELDS)),
  });
}

function wrongFields(issue: Issue): WrongField[] {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => ({
      field: [...path, key].join('.'),
      message: 'there is no such field; remove it, or look for a typing mistake',
    }));
  }
  return [{ field: path.join('.'), message: issue.message }];
}
