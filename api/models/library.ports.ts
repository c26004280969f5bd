/** Bringing model files into the artifact store. `activities/models` does it, in this process. */
import type { Readable } from 'node:stream';

/** Provider token. */
export const MODEL_LIBRARY = Symbol('ModelLibrary');

export type PullState =
  | 'waiting' // for bytes that a client sends
  | 'fetching'
  | 'checking' // all bytes are here: checksum and metadata are looked at
  | 'done'
  | 'failed' // `failure` says why; pulling again goes on from the bytes that are here
  | 'stopped'; // by the end of a process; pulling again goes on

export interface Pull {
  id: string;
  /** Under which the model will be known. */
  name: string;
  /** Without credentials. */
  source: string;
  state: PullState;
  /** That are here. */
  bytes: number;
  /** Null until it is known. */
  totalBytes: number | null;
  /** Null until it is known. */
  digest: string | null;
  failure: { code: string; message: string; help: string } | null;
  by: string;
  startedAt: Date;
}

export interface PullWish {
  /** `https://…`, `http://…` or `hf:owner/name:file`. */
  source: string;
  /** Default: from the file's name. */
  name?: string;
  /** 64 hexadecimal digits; anything else that comes is refused. */
  sha256?: string;
  /** The name may be another model's: whatever serves that name then serves this one. */
  replace?: boolean;
}

export interface UploadWish {
  /** Default: from the file's name. */
  name?: string;
  /** The file's name, for the record. */
  file: string;
  sha256: string;
  bytes: number;
  replace?: boolean;
}

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
