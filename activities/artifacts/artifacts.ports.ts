/** Bytes by digest: archives, caches. The same bytes are stored once. */
import type { Readable } from 'node:stream';

export interface ArtifactStore {
  /** Stores a file by taking it: it is gone from `path` afterwards. Same bytes, same digest. */
  putFile(path: string): Promise<{ digest: string; bytes: number }>;
  has(digest: string): Promise<boolean>;
  /** @throws {ArtifactMissing} when the digest is not stored. */
  read(digest: string): Promise<Readable>;
  /** Path of a read-only file with these bytes. @throws {ArtifactMissing} */
  path(digest: string): Promise<string>;
}

export class ArtifactMissing extends Error {
  override readonly name = 'ArtifactMissing';
  constructor(digest: string) {
    super(`the artifact store has no "${digest}"; was its folder emptied?`);
  }
}

/** Mutable names for caches: scoped to repository and branch by the caller. Last write wins. */
export interface CacheStore {
  lookup(key: string): Promise<string | undefined>; // digest
  keep(key: string, digest: string): Promise<void>;
}
