/** What the API refuses or cannot do. No class knows an HTTP number: `error.filter.ts` does. */
import { SlipwayError } from '../../activities/platform/errors.js';

/** There is no such thing, or the caller may not know that there is. */
export class NotFound extends SlipwayError {
  override readonly code = 'not-found';
  constructor(message: string, help = 'Look at the name; lists show what there is.') {
    super(message, help);
  }
}

/** Understood, and refused: the state of the thing does not allow it. `code` says which rule. */
export class Refused extends SlipwayError {
  constructor(
    override readonly code: string,
    message: string,
    help: string,
    options?: ErrorOptions,
  ) {
    super(message, help, options);
  }
}

export interface WrongField {
  /** Path in the request, like `inputs.region`; empty for the request itself. */
  field: string;
  message: string;
}

/** The request is not what the route takes: every wrong field is named. */
export class BadInput extends SlipwayError {
  override readonly code = 'bad-input';
  constructor(readonly errors: readonly WrongField[]) {
    const said = errors.map(({ field, message }) => (field ? `${field}: ${message}` : message));
    super(said.join('; '), 'Correct the named fields; /docs shows what the route takes.');
  }
}

/** No token, or none that lets anybody in. Says nothing about which of the two. */
export class Unauthenticated extends SlipwayError {
  override readonly code = 'unauthenticated';
  constructor() {
    super(
      'no valid token was sent',
      'Send "Authorization: Bearer <token>"; a token may be unknown, expired or revoked.',
    );
  }
}

/** The token is good, and may not do this. */
export class Forbidden extends SlipwayError {
  override readonly code = 'forbidden';
}

/** Too many wrong tokens from the caller's address, or with the beginning of the caller's token. */
export class TooManyFailures extends SlipwayError {
  override readonly code = 'too-many-failures';
  constructor(
    /** When the next token is looked at, seconds. */
    readonly retryAfterSeconds: number,
  ) {
    super(
      `too many wrong tokens were sent; the next is looked at in ${retryAfterSeconds} s`,
      'Look for a client that sends a token which is expired or revoked; then send a valid one.',
    );
  }
}

/** The body did not come in time. */
export class TooSlow extends SlipwayError {
  override readonly code = 'too-slow';
  constructor(seconds: number) {
    super(`the body did not come within ${seconds} s`, 'Send it at once, or look at the network.');
  }
}

/** A part that we need is away. Nothing was done, or doing it again does no harm. */
export class Unavailable extends SlipwayError {
  override readonly code: string = 'unavailable';
  /** When trying again makes sense, seconds. */
  readonly retryAfterSeconds: number = 5;
}

/** All parts are there, and have enough to do. What was asked for was not begun. */
export class Busy extends Unavailable {
  override readonly code = 'busy';
  /** @param retryAfterSeconds when there will be room, by the pace that was measured. */
  constructor(
    message: string,
    help: string,
    override readonly retryAfterSeconds: number,
  ) {
    super(message, help);
  }
}

/** Temporal is away. */
export class TemporalUnavailable extends Unavailable {
  override readonly code = 'temporal-unavailable';
  constructor(cause: unknown) {
    super(
      `Temporal cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Check that Temporal runs and that TEMPORAL_ADDRESS points at it; then ask again.',
      { cause },
    );
  }
}

/** Temporal took the question, and no worker answered in time. */
export class NoWorker extends Unavailable {
  override readonly code = 'no-worker';
  constructor(question: string, waitedSeconds: number, options?: ErrorOptions) {
    super(
      `no worker answered ${question} within ${waitedSeconds} s`,
      'Check that a worker runs; then look whether it was done, and ask again if not.',
      options,
    );
  }
}

/** We did not get done in time. What was asked for may still happen. */
export class NoAnswer extends Unavailable {
  override readonly code = 'no-answer';
  constructor(seconds: number, help = 'Look whether it was done, and ask again if not.') {
    super(`there was no answer within ${seconds} s`, help);
  }
}

/** The caller used up what a minute allows. Nothing was begun. */
export class QuotaExceeded extends SlipwayError {
  override readonly code = 'quota-exceeded';
  constructor(
    what: string,
    /** When there is some again, seconds. */
    readonly retryAfterSeconds: number,
    whose: 'your' | "this token's" = 'your',
  ) {
    super(
      `you used up ${whose} ${what} of this minute`,
      `Ask again in ${retryAfterSeconds} s; an admin can raise the limit.`,
    );
  }
}
