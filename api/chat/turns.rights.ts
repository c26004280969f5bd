/** Who may stop an answer: whoever asked for it, owns the conversation, or is an admin. */
import type { ConversationRow, TurnRow } from '../../activities/store/store.ports.js';
import { may, type User } from '../platform/auth.js';
import { Forbidden } from '../platform/errors.js';

/** A turn where somebody sees it. */
export interface SeenTurn {
  turn: Pick<TurnRow, 'by'>;
  conversation: Pick<ConversationRow, 'owner'>;
}

export function mayStop({ turn, conversation }: SeenTurn, user: User): boolean {
  return turn.by === user.login || conversation.owner === user.login || may(user, 'admin');
}

/** @throws {Forbidden} */
export function demandStop(seen: SeenTurn, user: User): void {
  if (mayStop(seen, user)) return;
  throw new Forbidden(`"${seen.turn.by}" asked for that answer`, 'Ask them to stop it.');
}
