/** What the store refuses or cannot do, and which PostgreSQL errors mean "not reachable now". */
import { isNativeError } from 'node:util/types';
import { SlipwayError, wordsOf } from '../platform/errors.js';
import { machineTrouble } from '../platform/machine.js';

/** PostgreSQL cannot be reached, or cannot do now what it is asked. Trying again later is right. */
export class StoreUnavailable extends SlipwayError {
  override readonly code = 'store-unavailable';
  constructor(cause: unknown) {
    const { what, help } = wordsFor(cause);
    super(`${what}: ${wordsOf(cause)}`, help, { cause });
  }
}

const GOES_ON = 'Slipway goes on by itself as soon as it answers.';

/** What keeps PostgreSQL from answering, and what to do about it. */
function wordsFor(cause: unknown): { what: string; help: string } {
  const code = (cause as { code?: string } | null)?.code ?? '';
  if (/^(53100|58030)$/.test(code)) {
    const help = `Make room on the disk that holds its data; ${GOES_ON}`;
    return { what: 'PostgreSQL cannot write to its disk', help };
  }
  if (code.startsWith('53')) {
    const help = `Look at its limits and at who else uses it; ${GOES_ON}`;
    return { what: 'PostgreSQL has no room for more', help };
  }
  const isSlow = SLOW.test(code) || wordsOf(cause).startsWith('Query read timeout');
  if (isSlow) {
    const help = `Look at its load, and at who holds locks (pg_stat_activity); ${GOES_ON}`;
    return { what: 'PostgreSQL did not answer in time', help };
  }
  const ours = machineTrouble(cause);
  if (ours) return { what: 'PostgreSQL cannot be reached from here', help: ours.help };
  const help = `Check that PostgreSQL runs and that DATABASE_URL points at it; ${GOES_ON}`;
  return { what: 'PostgreSQL cannot be reached', help };
}

/** A cursor that no page of ours gave out. */
export class BadCursor extends SlipwayError {
  override readonly code = 'bad-cursor';
  constructor() {
    super('the cursor is not one that this list gave out', 'Start again without a cursor.');
  }
}

/** Somebody else's row has that id or name already. Nothing was changed. */
export class IdTaken extends SlipwayError {
  override readonly code = 'id-taken';
  constructor(what: string, id: string) {
    super(`"${id}" is the id of another ${what}`, 'Make a new id, and send it again.');
  }
}

/** What a command names is not there (any more). Nothing was changed. */
export class Missing extends SlipwayError {
  override readonly code = 'missing';
  constructor(what: string, id: string) {
    super(`there is no ${what} "${id}"`, 'Look at what there is now, and try again with that.');
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
  // This process or machine has no descriptor, buffer or port left for a connection.
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'EADDRNOTAVAIL',
]);

/** SQLSTATE codes and classes of a server that is away or full; see PostgreSQL, appendix A. */
const SQLSTATE = /^(08...|53...|58030|57P0[1-3])$/;
/** Of one that is too slow: a statement, a lock or a transaction took too long, or met another. */
const SLOW = /^(57014|55P03|25P0[34]|40P01|40001)$/;

/** The words that pg uses where it gives no code. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

/** Turns the errors of an absent PostgreSQL into StoreUnavailable; leaves every other as it is. */
export function translate(thrown: unknown): unknown {
  if (!isNativeError(thrown) || thrown instanceof SlipwayError) return thrown;
  const driver = (thrown as { driverError?: unknown }).driverError;
  const error = isNativeError(driver) ? driver : thrown;
  const code = (error as { code?: string }).code ?? '';
  const known = NETWORK.has(code) || SQLSTATE.test(code) || SLOW.test(code);
  const away = known || WORDS.test(error.message);
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
