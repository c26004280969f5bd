/** The error family of every process: what happened, to what, and what to do next. */
import { isNativeError } from 'node:util/types';

/**
 * An error that a person must act on. It knows no HTTP status and no exit code: the doors translate
 * `code`. A bug is not of this family; it stays a plain Error.
 */
export abstract class SlipwayError extends Error {
  /** Stable name for machines, in kebab-case: `store-unavailable`. */
  abstract readonly code: string;

  /** @param help what to do next, one or two sentences. */
  constructor(
    message: string,
    readonly help: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The words of whatever was thrown; for an AggregateError without words, those of its parts. */
export function wordsOf(thrown: unknown): string {
  if (!isNativeError(thrown)) return String(thrown);
  if (thrown.message !== '' || !(thrown instanceof AggregateError)) return thrown.message;
  return thrown.errors.map((part) => wordsOf(part)).join('; ');
}
