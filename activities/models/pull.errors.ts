/** What can go wrong on the way of a model file. No message holds a query or a credential. */
import { SlipwayError } from '../platform/errors.js';

/** What was asked for cannot be a source, a name or a piece. Does not go away by trying again. */
export class BadSource extends SlipwayError {
  override readonly code = 'bad-source';
}

/** Understood, and not now: too many at once, another process has it, the name is another model's. */
export class PullRefused extends SlipwayError {
  constructor(
    override readonly code:
      | 'too-many-pulls'
      | 'pull-elsewhere'
      | 'wrong-offset'
      | 'model-name-taken'
      | 'disk-full',
    message: string,
    help: string,
  ) {
    super(message, help);
  }
}

/** The source says no: it is gone, or wants credentials. Trying again does not help. */
export class SourceRefused extends SlipwayError {
  override readonly code = 'source-refused';
}

/** The source does not answer, or breaks off. Trying again may help: what came is kept. */
export class SourceLost extends SlipwayError {
  override readonly code = 'source-lost';
}

/** What came is not what was asked for. Nothing was stored. */
export class ChecksumMismatch extends SlipwayError {
  override readonly code = 'checksum-mismatch';
  constructor(expected: string, found: string) {
    super(
      `the file's sha256 is ${found}, and ${expected} was expected; nothing was stored`,
      'Look whether the checksum belongs to this file; if it does, the source is not to be trusted.',
    );
  }
}
