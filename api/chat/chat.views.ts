/** Conversations and turns as they travel. */
import type { ConversationRow, TurnRow } from '../../activities/store/store.ports.js';
import type * as wire from '../client/wire.chat.js';

export function viewConversation(row: ConversationRow): wire.Conversation {
  const { id, kind, owner, title, retention, position } = row;
  const times = { createdAt: row.createdAt.toISOString(), updatedAt: row.updatedAt.toISOString() };
  return { id, kind, owner, title, retention, position, ...times };
}

export function viewTurn(row: TurnRow): wire.Turn {
  return {
    id: row.id,
    conversationId: row.conversationId,
    parentId: row.parentId,
    role: row.role,
    by: row.by,
    status: row.status,
    text: row.text,
    position: row.position,
    attempt: row.attempts,
    meta: row.meta,
    failure: row.failure,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}
