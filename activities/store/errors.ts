/** What the store refuses or cannot do, and which PostgreSQL errors mean "not reachable now". */
import { isNativeError } from 'node:util/types';
import { SlipwayError, wordsOf } from '../platform/errors.js';

/** PostgreSQL cannot be reached, or ended our connection. Trying again later is right. */
export class StoreUnavailable extends SlipwayError {
  override readonly code = 'store-unavailable';
  constructor(cause: unknown) {
    super(
      `PostgreSQL cannot be reached: ${wordsOf(cause)}`,
      'Check that PostgreSQL runs and that DATABASE_URL points at it; Slipway goes on by itself as ' +
        'soon as it answers.',
      { cause },
    );
  }
}

/** A cursor that no page of ours gave out. */
export class BadCursor extends SlipwayError {
  override readonly code = 'bad-cursor';
  constructor() {
    super('the cursor is not one that this list gave out', 'Start again without a cursor.');
  }
}

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** SQLSTATE codes and classes of a server that is away, full or too slow; see PostgreSQL, appendix A. */
const SQLSTATE = /^(08...|53...|57P0[1-3]|57014|25P03)$/;

/** The words that pg uses where it gives no code. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

/** Turns the errors of an absent PostgreSQL into StoreUnavailable; leaves every other as it is. */
export function translate(thrown: unknown): unknown {
  if (!isNativeError(thrown) || thrown instanceof SlipwayError) return thrown;
  const driver = (thrown as { driverError?: unknown }).driverError;
  const error = isNativeError(driver) ? driver : thrown;
  const code = (error as { code?: string }).code ?? '';
  const away = NETWORK.has(code) || SQLSTATE.test(code) || WORDS.test(error.message);
  return away ? new StoreUnavailable(error) : thrown;
}

/** Runs `work` with its errors translated. */
export async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}
