/** What the storage of tickets cannot do. The doors translate `code`. */
import { SlipwayError, wordsOf } from '../platform/errors.js';

/** It cannot be reached, is overloaded, or is not set up; after its own retries. Later is right. */
export class TicketsUnavailable extends SlipwayError {
  override readonly code = 'tickets-unavailable';
  constructor(cause: unknown, help: string) {
    super(`the storage of tickets cannot be used: ${wordsOf(cause)}`, help, { cause });
  }
}
