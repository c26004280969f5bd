/** Conversations as tests need them: short to say, whole for the store. */

import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { ChatStore, ConversationRow, Store, TurnRow } from './store.ports.js';

/** Who asked what, where, and the replica that answers. */
export interface Asked {
  question: TurnRow;
  answer: TurnRow;
}

export function openConversation(
  chat: ChatStore,
  { owner = 'ada', kind = 'private' as ConversationRow['kind'], title = 'a talk' } = {},
): Promise<ConversationRow> {
  return chat.conversations.create({ id: randomUUID(), kind, owner, title });
}

/** A question and the answer that `replica` is to make. */
export async function askIn(
  chat: ChatStore,
  conversationId: string,
  { by = 'ada', text = 'why?', replica = 1, parentId = null as string | null } = {},
): Promise<Asked> {
  const [questionId, answerId] = [randomUUID(), randomUUID()];
  const { question, answer } = await chat.turns.ask(
    { id: questionId, conversationId, parentId, by, text },
    { id: answerId, conversationId, parentId: questionId, by, wish: { text }, replica },
  );
  if (!question) throw new Error('a question was asked and did not come back');
  return { question, answer };
}

/** The same, answered. */
export async function talkIn(
  chat: ChatStore,
  conversationId: string,
  { replies = 'because', ...asked }: Parameters<typeof askIn>[2] & { replies?: string } = {},
): Promise<Asked> {
  const replica = asked.replica ?? 1;
  const { question, answer } = await askIn(chat, conversationId, asked);
  await chat.turns.append(answer.id, replica, 0, replies);
  await chat.turns.finish(answer.id, replica, {
    status: 'done',
    meta: { model: 'toy' },
    failure: null,
  });
  return { question, answer };
}

/** Listens, and lets a test wait for what it must hear. */
export async function earOf(store: Store) {
  const heard: string[] = [];
  const arrivals = new EventEmitter();
  const stop = await store.listen((changed) => {
    heard.push(changed);
    arrivals.emit('heard');
  });
  const until = async (wanted: string, times = 1): Promise<void> => {
    const isThere = () => heard.filter((one) => one === wanted).length >= times;
    while (!isThere()) await once(arrivals, 'heard');
  };
  return { heard, until, stop };
}
