/** Where tickets are kept here, by configuration: for the API a storage, for the worker what expires. */
import type { Config } from '../platform/config.js';
import type { Store } from '../store/store.ports.js';
import { DynamoTickets } from './dynamodb.adapter.js';
import { DynamoConnection } from './dynamodb.client.js';
import { StoredTickets } from './store.adapter.js';
import type { ExpiringTickets, TicketStorage } from './tickets.ports.js';

type Settings = Pick<Config, 'SLIPWAY_TICKETS' | 'SLIPWAY_DYNAMODB_TABLE' | 'SLIPWAY_DYNAMODB_URL'>;

export interface TicketParts {
  storage: TicketStorage;
  /** Undefined where our own store keeps them: its retention reaches them already. */
  expiring: ExpiringTickets | undefined;
  close: () => Promise<void>;
}

/** Connects with the first request. */
export function ticketParts(
  config: Settings,
  store: { chat: Pick<Store['chat'], 'tickets'>; ping: Store['ping'] },
): TicketParts {
  if (config.SLIPWAY_TICKETS === 'store') {
    const storage = new StoredTickets(store.chat.tickets, () => store.ping());
    return { storage, expiring: undefined, close: async () => {} };
  }
  const connection = new DynamoConnection({
    table: config.SLIPWAY_DYNAMODB_TABLE,
    url: config.SLIPWAY_DYNAMODB_URL,
  });
  const tickets = new DynamoTickets(connection);
  return { storage: tickets, expiring: tickets, close: () => connection.close() };
}
