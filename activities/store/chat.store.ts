/** Chat on PostgreSQL, put together from its parts. */
import type { ChatStore } from './chat.ports.js';
import { createConversations } from './conversations.store.js';
import type { Db } from './db.js';
import { createModels } from './models.store.js';
import { createPeers } from './peers.store.js';
import { createPresence } from './presence.store.js';
import { createPrivacy } from './privacy.store.js';
import { join } from './replicas.js';
import { createTickets } from './tickets.store.js';
import { createTurns } from './turns.store.js';
import { createUsage } from './usage.store.js';

export function createChat(db: Db, url: string): ChatStore {
  return {
    conversations: createConversations(db),
    turns: createTurns(db),
    presence: createPresence(db),
    peers: createPeers(db),
    models: createModels(db),
    tickets: createTickets(db),
    usage: createUsage(db),
    privacy: createPrivacy(db),
    join: (name) => join(url, name),
  };
}
