/** The store on PostgreSQL: TypeORM for schema and simple tables, SQL on its pool for the hot paths. */
import { createAudit } from './audit.store.js';
import { createChat } from './chat.store.js';
import { openDataSource, poolOf, type StoreOptions } from './data-source.js';
import { type Db, overPool } from './db.js';
import { createGates } from './gates.store.js';
import { Notifications } from './notifications.js';
import { createProposals } from './proposals.store.js';
import { createRepositories } from './repositories.store.js';
import { createRuns } from './runs.store.js';
import { createSecrets } from './secrets.store.js';
import { createStages } from './stages.store.js';
import type { Store } from './store.ports.js';
import { createUsers } from './users.store.js';

const PING_LIMIT_MS = 1_500;

/**
 * Connects, brings the schema up to date and returns the store.
 *
 * @throws {StoreUnavailable} when PostgreSQL cannot be reached; see `keepTrying` for processes that
 *   wait for it.
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  const source = await openDataSource(options);
  const db = overPool(poolOf(source));
  const notifications = new Notifications(options.url);
  return {
    runs: createRuns(db),
    repositories: createRepositories(db, source),
    gates: createGates(db),
    stages: createStages(db),
    users: createUsers(db, source),
    audit: createAudit(db, source),
    secrets: createSecrets(db),
    proposals: createProposals(db),
    chat: createChat(db, options.url),
    ping: () => ping(db),
    listen: (listener) => notifications.add(listener),
    close: async () => {
      await notifications.close();
      await source.destroy();
    },
  };
}

async function ping(db: Db): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PING_LIMIT_MS);
  });
  const answers = db.query('SELECT 1').then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answers, late]);
  } finally {
    clearTimeout(timer);
  }
}
