/** Where secrets come from, and what a step is given of them. */
import type { SecretScope } from '../store/store.ports.js';
import type { MasterKey } from './envelope.js';

/** A secret that may apply; nobody has seen its value yet. */
export interface Candidate extends SecretScope {
  name: string;
  /** Undefined when it was removed meanwhile. @throws {SlipwayError} when it cannot be opened. */
  value(): Promise<string | undefined>;
}

/** One adapter for each kind of place: our own store, Vault, Azure Key Vault, Kubernetes. */
export interface SecretSource {
  /** In messages: `"NPM_TOKEN" is not set in …`; empty for our own store. */
  readonly where: string;
  /**
   * All secrets of these names that apply to the repository, whatever the branch and the stage. Reads
   * only; repeatable.
   *
   * @throws {SlipwayError} when we cannot find out; trying again later is right.
   */
  candidates(asked: { repository: string; names: readonly string[] }): Promise<Candidate[]>;
}

/** The master keys. Every method throws `KeyUnusable` when the folder cannot be used. */
export interface Keys {
  /** The key that seals from now on. The first use makes the first one. */
  current(): Promise<MasterKey>;
  /** Makes a new key the current one. Not repeatable: each call makes one. Old keys stay. */
  next(): Promise<MasterKey>;
  /** @throws {KeyMissing} when there is no such key. */
  byId(id: string): Promise<MasterKey>;
}

/** A secret as everybody may see it. */
export interface SecretView extends SecretScope {
  id: string;
  name: string;
  version: number;
  keyId: string;
  updatedAt: Date;
  updatedBy: string;
}
