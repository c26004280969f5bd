/** Why a secret cannot be had. No message holds a value, a key or a part of one. */
import { SlipwayError, wordsOf } from '../platform/errors.js';

/** A secret is wrapped by a key that is not in the folder of keys. */
export class KeyMissing extends SlipwayError {
  override readonly code = 'key-missing';
  constructor(keyId: string, file: string) {
    super(
      `the master key "${keyId}" is not there: ${file} does not exist`,
      'Put the file back from its backup, on every machine with a worker or an API, or set the ' +
        'secret anew. SLIPWAY_KEYS names the folder of keys.',
    );
  }
}

/** The folder of keys, or a file in it, cannot be read or written, or holds something else. */
export class KeyUnusable extends SlipwayError {
  override readonly code = 'key-unusable';
  constructor(what: string, cause?: unknown) {
    const why = cause === undefined ? '' : `: ${wordsOf(cause)}`;
    super(
      `${what}${why}`,
      'Look at the folder that SLIPWAY_KEYS names (default: "keys" in SLIPWAY_HOME): the user of API ' +
        'and worker must be able to read it, and the API to write to it.',
      { cause },
    );
  }
}

/** The key is there, and does not open it: the key file or the row in the database was changed. */
export class SecretDamaged extends SlipwayError {
  override readonly code = 'secret-damaged';
  constructor(name: string, keyId: string) {
    super(
      `the secret "${name}" cannot be opened with the master key "${keyId}"`,
      'The file of that key was replaced, or the row was changed outside of Slipway. Put the right ' +
        'key file back, or set the secret anew.',
    );
  }
}

export class TooManySecrets extends SlipwayError {
  override readonly code = 'too-many-secrets';
  constructor(repository: string | null, limit: number) {
    const whose = repository === null ? 'there are' : `"${repository}" has`;
    super(
      `${whose} ${limit} secrets${repository === null ? ' of every repository' : ''} already; that is the limit`,
      'Remove those that nobody uses: "slipway secrets list" shows all of them.',
    );
  }
}

/** Somebody else kept setting the same secret. */
export class SecretContended extends SlipwayError {
  override readonly code = 'secret-contended';
  constructor(name: string) {
    super(`the secret "${name}" was changed by others meanwhile`, 'Set it again.');
  }
}

/** Secrets are somebody else's: we only read them. */
export class SecretsElsewhere extends SlipwayError {
  override readonly code = 'secrets-elsewhere';
  constructor(where: string) {
    super(
      `secrets are kept in ${where} here, not by Slipway`,
      `Set, list, remove and rotate them there; docs/guides/secrets.md says how they must be named.`,
    );
  }
}

/** Another service that keeps secrets cannot be reached, or answers what we do not understand. */
export class SecretsUnavailable extends SlipwayError {
  override readonly code = 'secrets-unavailable';
  constructor(where: string, what: string, help: string, cause?: unknown) {
    super(`${where} ${what}`, help, { cause });
  }
}
