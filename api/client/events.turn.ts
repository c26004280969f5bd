/** An answer as it is made, over every break of the connection, until its end. */
import { type FollowOptions, follow } from './events.js';
import type { Http } from './http.js';
import { TurnEvent } from './wire.chat.js';

export interface FollowTurnOptions extends Pick<FollowOptions, 'signal' | 'broken'> {
  /** `place` of the last event seen. */
  after?: string;
  /** The answer is cancelled when nobody reads it any more. */
  cancelOnDisconnect?: boolean;
}

/** An event, and from where a reader goes on after it. */
export type PlacedTurnEvent = TurnEvent & { place: string | undefined };

/**
 * Yields every event once and in order; ends after `done`. A text belongs at its `from`: put together
 * with `textAfter`, what was read is always the text of the record.
 *
 * @throws as `followRun`.
 */
export function followTurn(
  http: Http,
  path: string,
  { after = '0', cancelOnDisconnect = false, ...options }: FollowTurnOptions = {},
): AsyncGenerator<PlacedTurnEvent> {
  return follow<PlacedTurnEvent>(
    http,
    cancelOnDisconnect ? `${path}?cancelOnDisconnect=true` : path,
    {
      ...options,
      after,
      parse: ({ event, data, id }) => {
        const parsed = TurnEvent.safeParse({ event, data: JSON.parse(data) });
        return parsed.success ? { ...parsed.data, place: id } : undefined;
      },
      isLast: ({ event }) => event === 'done',
      placeOf: ({ place }) => place,
    },
  );
}

/** What a reader has after an event. */
export function textAfter(text: string, event: TurnEvent): string {
  if (event.event === 'text') return text.slice(0, event.data.from) + event.data.text;
  return event.event === 'done' ? text.slice(0, event.data.chars) : text;
}
