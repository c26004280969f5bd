/** Where a secret of another service applies: two labels beside it, `branches` and `stage`. */
import type { z } from 'zod';
import { StageName } from '../../workflows/domain/names.js';
import { BranchPatterns } from '../../workflows/domain/secret.js';
import type { SecretScope } from '../store/store.ports.js';
import type { Asked } from './ask.js';
import { SecretsUnavailable } from './secrets.errors.js';

export type Labels = Record<string, string | undefined>;

/**
 * `branches`: patterns with spaces between them. `stage`: a stage. A label that is there and says nothing
 * we understand must not widen where the secret goes: it is an error.
 *
 * @throws {SecretsUnavailable}
 */
export function scopeOf(
  labels: Labels,
  name: string,
  { where, help }: Asked,
): Pick<SecretScope, 'branches' | 'stage'> {
  const wrong = (label: string) =>
    new SecretsUnavailable(where, `has a label "${label}" on "${name}" that says nothing`, help);
  const { branches, stage } = labels;
  const patterns = BranchPatterns.safeParse(branches?.split(' ').filter(Boolean) ?? []);
  if (!patterns.success || (branches !== undefined && patterns.data.length === 0)) {
    throw wrong('branches');
  }
  const checked = StageName.optional().safeParse(stage);
  if (!checked.success) throw wrong('stage');
  return { branches: patterns.data.sort(), stage: checked.data ?? null };
}

/** What a service answered, as we know it. @throws {SecretsUnavailable} */
export function understood<T extends z.ZodType>(
  schema: T,
  document: unknown,
  { where, help }: Asked,
): z.infer<T> {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new SecretsUnavailable(where, `answered in a form that we do not know: ${fields}`, help);
}
