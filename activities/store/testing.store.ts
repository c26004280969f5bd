/** A store on a PostgreSQL of its own, for the tests of one file: call `close` in `afterAll`. */
import { createStore } from './store.js';
import type { ChatStore, Store } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';

export interface StoreWorld {
  postgres: ThrowAway;
  store: Store;
  chat: ChatStore;
  close(): Promise<void>;
}

export async function storeWorld(): Promise<StoreWorld> {
  const postgres = await throwAwayPostgres();
  try {
    const store = await createStore({ url: postgres.url });
    const close = async () => {
      await store.close();
      await postgres.remove();
    };
    return { postgres, store, chat: store.chat, close };
  } catch (error) {
    await postgres.remove();
    throw error;
  }
}
