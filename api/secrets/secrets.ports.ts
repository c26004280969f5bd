/** Who keeps the secrets of steps. `createSecretKeeper` of activities/secrets is one. */
import type { Page, SecretScope } from '../../activities/store/store.ports.js';
import type { NewSecret, Rotation } from '../../workflows/domain/secret.js';

/** Provider token. */
export const SECRETS = Symbol('SecretKeeper');

/** A secret without its value: nobody is ever shown that. */
export interface KeptSecret extends SecretScope {
  id: string;
  name: string;
  version: number;
  keyId: string;
  updatedAt: Date;
  updatedBy: string;
}

/** Every method throws a SlipwayError when the place or its keys cannot be used, and says why. */
export interface SecretKeeper {
  /** A new version. Repeatable. */
  set(secret: NewSecret, by: string): Promise<KeptSecret>;
  find(id: string): Promise<KeptSecret | undefined>;
  list(query: { repository?: string; limit: number; cursor?: string }): Promise<Page<KeptSecret>>;
  remove(id: string): Promise<KeptSecret | undefined>;
  /** Call again while `hasMore`. */
  rotate(): Promise<Rotation>;
}
