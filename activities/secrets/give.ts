/** Gives a step the secrets that it names, or says why not. */
import { MAX_STEP_SECRETS_BYTES } from '../../workflows/domain/limits.js';
import { problemOfSecret } from '../../workflows/domain/secret.js';
import { type Asker, choose } from './choice.js';
import type { SecretSource } from './secrets.ports.js';

export type Given =
  | { ok: true; values: Record<string, string> }
  /** Written for the author of the commit; names only. */
  | { ok: false; reason: string };

/**
 * All of them or none. A "no" is final: whoever pushed must not be told more than names.
 *
 * @throws {SlipwayError} when we cannot find out: the database, a key or a service is away.
 */
export async function giveSecrets(
  source: SecretSource,
  names: readonly string[],
  asker: Asker,
): Promise<Given> {
  if (names.length === 0) return { ok: true, values: {} };
  const all = await source.candidates({ repository: asker.repository, names });
  const values: Record<string, string> = {};
  const refusals: string[] = [];
  for (const name of names) {
    const ofName = all.filter((one) => one.name === name);
    const choice = choose(name, ofName, asker);
    const value = choice.ok ? await choice.secret.value() : undefined;
    const problem = value === undefined ? undefined : problemOfSecret(value);
    if (!choice.ok) refusals.push(choice.reason);
    else if (value === undefined) refusals.push(`the secret "${name}" is not set`);
    else if (problem !== undefined) refusals.push(`the secret "${name}" ${problem}`);
    else values[name] = value;
  }
  if (refusals.length > 0) return { ok: false, reason: `${refusals.join('; ')}. ${help(source)}` };
  const bytes = Object.values(values).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (bytes <= MAX_STEP_SECRETS_BYTES) return { ok: true, values };
  const reason = `the secrets of this step have ${bytes} bytes together; at most ${MAX_STEP_SECRETS_BYTES} fit`;
  return { ok: false, reason: `${reason}. Divide the step, or keep large things elsewhere.` };
}

function help({ where }: SecretSource): string {
  if (where !== '')
    return `Secrets are kept in ${where}; docs/guides/secrets.md says how to name them.`;
  return '"slipway secrets list" shows what is set, "slipway secrets set NAME" sets it.';
}
