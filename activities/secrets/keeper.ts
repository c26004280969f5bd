/** Sets, lists, removes and re-wraps the secrets of our own store. */
import { randomUUID } from 'node:crypto';
import { MAX_SECRETS_OF_REPOSITORY } from '../../workflows/domain/limits.js';
import type { NewSecret, Rotation } from '../../workflows/domain/secret.js';
import type { Page, SealedSecretRow, SecretsStore } from '../store/store.ports.js';
import { type MasterKey, rewrap, seal } from './envelope.js';
import {
  KeyMissing,
  SecretContended,
  SecretDamaged,
  SecretsElsewhere,
  TooManySecrets,
} from './secrets.errors.js';
import type { Keys, SecretView } from './secrets.ports.js';

/** How often a set looks again when somebody else sets the same secret. */
const MAX_TRIES = 5;
/** Secrets that one call of rotate looks at: it answers within seconds, and is called again. */
const MAX_ROTATED = 2_000;
const BATCH = 100;

export interface SecretKeeper {
  /** Repeatable: the same value again is one version more. */
  set(secret: NewSecret, by: string): Promise<SecretView>;
  find(id: string): Promise<SecretView | undefined>;
  list(query: { repository?: string; limit: number; cursor?: string }): Promise<Page<SecretView>>;
  /** @returns what was removed; undefined when it was not there. */
  remove(id: string): Promise<SecretView | undefined>;
  /**
   * Wraps every secret with the newest key. Goes on with a rotation that was cut off; else makes a new
   * key first. Old keys stay in their folder, and every secret can be read at any moment. Two at once do
   * no harm.
   */
  rotate(): Promise<Rotation>;
}

export function createSecretKeeper(secrets: SecretsStore, keys: Keys): SecretKeeper {
  return {
    set: (secret, by) => set(secrets, keys, { secret, by }),
    find: async (id) => {
      const row = await secrets.sealed(id);
      return row && viewOf(row);
    },
    list: (query) => secrets.list(query),
    remove: (id) => secrets.remove(id),
    rotate: async () => {
      const pending = await wrapAll(secrets, keys, await keys.current());
      if (pending.rewrapped > 0) return { ...pending, isNewKey: false };
      return { ...(await wrapAll(secrets, keys, await keys.next())), isNewKey: true };
    },
  };
}

/** Where somebody else keeps the secrets: everything is refused, with where to go. */
export function keeperElsewhere(where: string): SecretKeeper {
  const refuse = () => Promise.reject(new SecretsElsewhere(where));
  return { set: refuse, find: refuse, list: refuse, remove: refuse, rotate: refuse };
}

function viewOf({ wrappedKey: _key, sealed: _sealed, ...view }: SealedSecretRow): SecretView {
  return view;
}

async function set(
  secrets: SecretsStore,
  keys: Keys,
  { secret, by }: { secret: NewSecret; by: string },
): Promise<SecretView> {
  const { name, value, repository = null, stage = null } = secret;
  const branches = [...new Set(secret.branches)].sort();
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await secrets.at({ name, repository, branches, stage });
    const version = (before?.version ?? 0) + 1;
    const of = { id: before?.id ?? randomUUID(), name, repository, branches, stage, version };
    const sealed = seal(of, value, await keys.current());
    const row = { ...of, ...sealed, updatedAt: new Date(), updatedBy: by };
    const kept = await secrets.put(row, MAX_SECRETS_OF_REPOSITORY);
    if (kept === 'full') throw new TooManySecrets(repository, MAX_SECRETS_OF_REPOSITORY);
    if (kept !== 'changed') return kept;
  }
  throw new SecretContended(name);
}

async function wrapAll(
  secrets: SecretsStore,
  keys: Keys,
  to: MasterKey,
): Promise<Omit<Rotation, 'isNewKey'>> {
  const rotation = { keyId: to.id, rewrapped: 0, hasMore: false, stuck: [] as Rotation['stuck'] };
  let after: string | null = null;
  for (let seen = 0; seen < MAX_ROTATED; seen += BATCH) {
    const rows: SealedSecretRow[] = await secrets.wrappedOtherwise({
      keyId: to.id,
      after,
      limit: BATCH,
    });
    for (const row of rows) {
      const why = await wrapOne(secrets, keys, { row, to });
      const { name, repository, keyId } = row;
      if (why === undefined) rotation.rewrapped += 1;
      else rotation.stuck.push({ name, repository, keyId, why });
    }
    after = rows.at(-1)?.id ?? null;
    if (rows.length < BATCH) return rotation;
  }
  return { ...rotation, hasMore: true };
}

/** Why it cannot be done; undefined when it is, or when the secret was set or removed meanwhile. */
async function wrapOne(
  secrets: SecretsStore,
  keys: Keys,
  { row, to }: { row: SealedSecretRow; to: MasterKey },
): Promise<string | undefined> {
  try {
    const wrappedKey = rewrap(row, { from: await keys.byId(row.keyId), to });
    const { id, version, keyId: from } = row;
    await secrets.rewrap({ id, version, from, keyId: to.id, wrappedKey });
    return undefined;
  } catch (error) {
    if (error instanceof KeyMissing || error instanceof SecretDamaged) return error.message;
    throw error;
  }
}
