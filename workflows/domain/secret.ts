/** The value of a secret, and where it applies. */

import { z } from 'zod';
import { isGlob } from '../pipeline/glob.js';
import { MAX_SECRET_BYTES, MIN_SECRET_CHARS } from './limits.js';
import { RepositoryName, SecretName, StageName } from './names.js';

/** Patterns of branches in one scope, and all of them together: they are part of an index. */
const MAX_PATTERNS = 10;
const MAX_PATTERNS_BYTES = 1_500;

/** Why no step could be given this value; undefined when one can. Never holds any of the value. */
export function problemOfSecret(value: string): string | undefined {
  const bytes = new TextEncoder().encode(value).length;
  if (value.includes('\0')) return 'holds a NUL character; no program can take it';
  if (!value.isWellFormed()) return 'holds one half of a character; it is no text';
  if (bytes > MAX_SECRET_BYTES) {
    return `has ${bytes} bytes; at most ${MAX_SECRET_BYTES} are taken. Keep large things elsewhere, and the key to them here`;
  }
  if (value.trim().length >= MIN_SECRET_CHARS) return undefined;
  return `has less than ${MIN_SECRET_CHARS} characters beside space; it could not be hidden in logs`;
}

export const SecretValue = z.string().superRefine((value, context) => {
  const message = problemOfSecret(value);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const BranchPatterns = z
  .array(z.string().min(1).max(255).refine(isGlob, 'must be a pattern like "main" or "release/*"'))
  .max(MAX_PATTERNS)
  .refine((all) => all.length === 0 || all.some((pattern) => !pattern.startsWith('!')), {
    error: 'must hold at least one pattern without "!"',
  })
  .refine((all) => new TextEncoder().encode(all.join('')).length <= MAX_PATTERNS_BYTES, {
    error: `must have at most ${MAX_PATTERNS_BYTES} bytes together`,
  });

/** Absent fields: every repository, every branch, every step that names the secret. */
export const NewSecret = z.strictObject({
  name: SecretName,
  value: SecretValue,
  repository: RepositoryName.optional(),
  branches: BranchPatterns.optional(),
  stage: StageName.optional(),
});
export type NewSecret = z.infer<typeof NewSecret>;

/** What one call of a rotation did: every secret is wrapped with the current master key. */
export const Rotation = z.object({
  /** The current key: it wraps all secrets but those that are stuck. */
  keyId: z.string(),
  /** False: an earlier rotation was gone on with, and no new key was made. */
  isNewKey: z.boolean(),
  rewrapped: z.int(),
  /** There are more; call again. */
  hasMore: z.boolean(),
  /** Secrets that stay under an old key, because that key is missing or does not open them. */
  stuck: z.array(
    z.object({
      name: z.string(),
      repository: z.string().nullable(),
      keyId: z.string(),
      why: z.string(),
    }),
  ),
});
export type Rotation = z.infer<typeof Rotation>;
