/** Schemas of what comes in by address: paging, and a pipe that names every wrong field. */
import { type ArgumentMetadata, StandardSchemaValidationPipe } from '@nestjs/common';
import { z } from 'zod';
import { plainText } from '../../workflows/domain/names.js';
import { DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS } from '../client/wire.js';
import { BadInput } from './errors.js';
import { type Issue, wrongFields } from './wrong-fields.js';

/** Wrong fields that one answer names. */
const MAX_WRONG_FIELDS = 100;

/** Of every list. `cursor` is `next` of the page before. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ITEMS).default(DEFAULT_PAGE_ITEMS),
  cursor: plainText(500).optional(),
};
export const Paging = z.strictObject(paging);
export type Paging = z.infer<typeof Paging>;

/** Of lists that are short in most places: as much as fits on a page, unless less is asked for. */
export const wholePaging = {
  ...paging,
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ITEMS).default(MAX_PAGE_ITEMS),
};
export const WholePaging = z.strictObject(wholePaging);

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

/** Names every wrong field; a single parameter goes by its own name. */
class NamingPipe extends StandardSchemaValidationPipe {
  override async transform<T = unknown>(value: T, metadata: ArgumentMetadata): Promise<T> {
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      if (!(error instanceof Issues)) throw error;
      const fields = error.issues.flatMap((issue) => wrongFields(issue, metadata.data));
      throw new BadInput(fields.slice(0, MAX_WRONG_FIELDS));
    }
  }
}

class Issues extends Error {
  constructor(readonly issues: readonly Issue[]) {
    super('what was sent does not fit');
  }
}

/** @throws {BadInput} */
export function validationPipe(): StandardSchemaValidationPipe {
  return new NamingPipe({ exceptionFactory: (issues) => new Issues(issues as readonly Issue[]) });
}
