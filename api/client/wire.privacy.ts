/** The shapes of a person's export and erasure over REST. */
import { z } from 'zod';
import { Login } from '../../workflows/domain/names.js';

/** One line of the export. The last one is `end`, with the count of the others: without it, it was cut off. */
export const ExportedItem = z.object({
  kind: z.string(),
  item: z.unknown(),
});
export type ExportedItem = z.infer<typeof ExportedItem>;

/** `POST /api/v1/privacy/erasure`. */
export const Erase = z.strictObject({
  login: Login,
  /** The login once more: nothing brings back what is erased. */
  confirm: z.string().max(64),
});
export type Erase = z.infer<typeof Erase>;

const counts = z.record(z.string(), z.int());

/** What was erased, and what was left: counted by looking again, on every replica. Holds no content. */
export const ErasureReport = z.object({
  id: z.string(),
  login: z.string(),
  askedBy: z.string(),
  at: z.iso.datetime(),
  /** True when nothing is left. */
  isComplete: z.boolean(),
  /** By kind. `silentReplica`: did not say that its memory forgot; a note names it. */
  erased: counts,
  left: counts,
  /** What is kept on purpose, or gone by itself, and why. */
  notes: z.array(z.string()),
});
export type ErasureReport = z.infer<typeof ErasureReport>;
