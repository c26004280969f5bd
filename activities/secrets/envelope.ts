/**
 * Envelopes: a value is sealed with a key of its own, and that key is wrapped by a master key.
 *
 * AES-256-GCM both times. What an envelope is for is bound to it as additional data: it opens under no
 * other name, scope or version, so rows cannot be swapped. A new master key wraps the small key anew;
 * the value stays as it is.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SealedSecretRow, SecretRow } from '../store/store.ports.js';
import { SecretDamaged } from './secrets.errors.js';

export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The first byte of all that we seal: so that a later form can be told from this one. */
const FORM = 1;

export interface MasterKey {
  id: string;
  bytes: Buffer;
}

/** What is bound to an envelope. */
type Bound = Pick<SecretRow, 'id' | 'repository' | 'name' | 'branches' | 'stage' | 'version'>;
type Envelope = Pick<SealedSecretRow, 'keyId' | 'wrappedKey' | 'sealed'>;

export function seal(of: Bound, value: string, master: MasterKey): Envelope {
  const own = randomBytes(KEY_BYTES);
  const sealed = encrypt(own, Buffer.from(value), boundTo(of));
  const wrappedKey = encrypt(master.bytes, own, boundToKey(of, master.id));
  own.fill(0);
  return { keyId: master.id, wrappedKey, sealed };
}

/** @throws {SecretDamaged} when the key does not fit, or anything was changed. */
export function unseal(row: SealedSecretRow, master: MasterKey): string {
  const own = unwrap(row, master);
  try {
    return decrypt(own, row.sealed, boundTo(row)).toString('utf8');
  } catch {
    throw new SecretDamaged(row.name, row.keyId);
  } finally {
    own.fill(0);
  }
}

/** The same envelope under another master key. @throws {SecretDamaged} */
export function rewrap(
  row: SealedSecretRow,
  { from, to }: { from: MasterKey; to: MasterKey },
): Buffer {
  const own = unwrap(row, from);
  const wrapped = encrypt(to.bytes, own, boundToKey(row, to.id));
  own.fill(0);
  return wrapped;
}

function unwrap(row: SealedSecretRow, master: MasterKey): Buffer {
  try {
    return decrypt(master.bytes, row.wrappedKey, boundToKey(row, master.id));
  } catch {
    throw new SecretDamaged(row.name, row.keyId);
  }
}

function encrypt(key: Buffer, content: Buffer, bound: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(bound);
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([Buffer.of(FORM), iv, cipher.getAuthTag(), encrypted]);
}

/** @throws {Error} when it was sealed with another key, for something else, or was changed. */
function decrypt(key: Buffer, envelope: Buffer, bound: Buffer): Buffer {
  if (envelope[0] !== FORM) throw new Error('not an envelope of ours');
  const iv = envelope.subarray(1, 1 + IV_BYTES);
  const tag = envelope.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound);
  decipher.setAuthTag(tag);
  const content = decipher.update(envelope.subarray(1 + IV_BYTES + TAG_BYTES));
  return Buffer.concat([content, decipher.final()]);
}

function boundTo({ id, repository, name, branches, stage, version }: Bound): Buffer {
  const fields = ['slipway secret', id, repository, name, branches, stage, version];
  return Buffer.from(JSON.stringify(fields));
}

function boundToKey(of: Bound, keyId: string): Buffer {
  return Buffer.concat([Buffer.from(JSON.stringify(['slipway key', keyId])), boundTo(of)]);
}
