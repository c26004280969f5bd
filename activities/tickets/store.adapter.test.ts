import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createStore } from '../store/store.js';
import type { Store } from '../store/store.ports.js';
import { type ThrowAway, throwAwayPostgres } from '../store/testing.js';
import { StoredTickets } from './store.adapter.js';
import { aTicket, holdsTheContract } from './tickets.contract.js';
import { TicketsUnavailable } from './tickets.errors.js';

let postgres: ThrowAway;
let store: Store;
let tickets: StoredTickets;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
  store = await createStore({ url: postgres.url });
  tickets = new StoredTickets(store.chat.tickets, () => store.ping());
});
afterAll(async () => {
  await store?.close();
  await postgres?.remove();
});

holdsTheContract('PostgreSQL', async () => tickets);

describe('when PostgreSQL is away', () => {
  it('says so, and goes on when it is back', async () => {
    await postgres.halt();
    for (const ask of [
      () => tickets.get('exact'),
      () => tickets.list({ limit: 1 }),
      () => tickets.save(aTicket({ id: 'late' })),
      () => tickets.ping(),
    ]) {
      await expect(ask()).rejects.toThrow(TicketsUnavailable);
    }
    await postgres.resume();
    expect(await tickets.save(aTicket({ id: 'late' }))).toBe(true);
  });
});
