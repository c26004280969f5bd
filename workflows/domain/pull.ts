/** A model file on its way into the artifact store. */

export type PullState =
  | 'waiting' // for bytes that a client sends
  | 'fetching'
  | 'checking' // all bytes are here: checksum and metadata are looked at
  | 'done'
  | 'failed' // `failure` says why; pulling again goes on from the bytes that are here
  | 'stopped'; // by the end of a process; pulling again goes on

/** Why it failed: a stable code, what happened, and what to do next. */
export interface Failure {
  code: string;
  message: string;
  help: string;
}

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
  failure: Failure | null;
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
