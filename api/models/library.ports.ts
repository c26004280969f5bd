/** Bringing model files into the artifact store. `activities/models` does it, in this process. */
import type { Readable } from 'node:stream';
import type { Pull, PullWish, UploadWish } from '../../workflows/domain/pull.js';

export type { Pull, PullState, PullWish, UploadWish } from '../../workflows/domain/pull.js';

/** Provider token. */
export const MODEL_LIBRARY = Symbol('ModelLibrary');

export interface ModelLibrary {
  /**
   * Begins to fetch, or goes on with what was fetched before. The same source again, while it is
   * fetched, is the same pull.
   *
   * @throws a SlipwayError for a source that cannot be one, or when too many are under way.
   */
  pull(wish: PullWish, by: string): Promise<Pull>;

  /** A file that a client sends in pieces; goes on where it was cut off. Repeatable. @throws as `pull`. */
  upload(wish: UploadWish, by: string): Promise<Pull>;

  /**
   * One piece, which must begin where the bytes that are here end; that many are in the answer.
   * What came of a piece that was cut off is kept.
   *
   * @throws a SlipwayError `wrong-offset` and others; undefined when there is no such upload.
   */
  receive(id: string, offset: number, piece: Readable): Promise<Pull | undefined>;

  /** Newest first, at most 200: those under way, and what became of the last ones. */
  pulls(): Promise<Pull[]>;
  find(id: string): Promise<Pull | undefined>;

  /** Ends it and drops its bytes. False when there is none. Repeatable. */
  discard(id: string): Promise<boolean>;
}
