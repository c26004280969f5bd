/** What is wrong with the storage of tickets, as the API says it. */
import { SlipwayError } from '../../activities/platform/errors.js';
import { Unavailable } from '../platform/errors.js';

/** Nothing was done, or doing it again does no harm. */
export class TicketsAway extends Unavailable {
  override readonly code = 'tickets-unavailable';
}

/** The storage knows none of our refusals. @throws {TicketsAway} or what was thrown. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'tickets-unavailable') throw error;
    throw new TicketsAway(error.message, error.help, { cause: error });
  }
}
