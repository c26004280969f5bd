/** The process of the ways in: REST, docs, health and the git endpoint. */
import { readConfig } from '../activities/platform/config.js';
import { watchDescriptors } from '../activities/platform/descriptors.js';
import { keepTrying } from '../activities/platform/keep-trying.js';
import { startLifetime } from '../activities/platform/lifetime.js';
import { createLog } from '../activities/platform/logging.js';
import { sayReady } from '../activities/platform/ready.js';
import { temporalClient } from '../activities/platform/temporal.js';
import { secretParts } from '../activities/secrets/assemble.js';
import { StoreUnavailable } from '../activities/store/errors.js';
import { createStore } from '../activities/store/store.js';
import { createApp } from './app.js';
import { GitModule } from './git/git.module.js';
import { chatParts } from './main.chat.js';
import { createWorkflows } from './platform/temporal.adapter.js';
import { admitFirstAdmin } from './users/first-admin.js';
import { admitStages } from './users/stage-chat.js';

/** Answers in flight get 20 s of it. */
const CHAT_END_LIMIT_MS = 28_000;

const config = readConfig();
const log = createLog('api', config.SLIPWAY_LOG_LEVEL);
const chats = config.SLIPWAY_ROLES.includes('chat');
const life = startLifetime(log, chats ? CHAT_END_LIMIT_MS : undefined);
watchDescriptors(log);

try {
  const store = await keepTrying(
    () => createStore({ url: config.DATABASE_URL, name: 'slipway api' }),
    {
      part: 'PostgreSQL',
      log,
      signal: life.signal,
      isAway: (error) => error instanceof StoreUnavailable,
    },
  );
  life.atEnd('store', () => store.close());
  const client = temporalClient(config);
  life.atEnd('temporal', () => client.connection.close());
  await admitFirstAdmin(store.users, config.SLIPWAY_ADMIN_TOKEN_FILE);
  await admitStages(store.users, config.SLIPWAY_STAGE_TOKEN_FILE);
  const workflows = createWorkflows(client, config.SLIPWAY_TASK_QUEUE);
  const { keeper: secrets } = secretParts(config, store.secrets);
  const chat = chats ? { chat: await chatParts({ config, store, life, log }) } : {};
  const app = await createApp({ config, store, workflows, secrets, log, ...chat }, GitModule);
  life.atEnd('server', () => app.close());
  await app.listen(config.SLIPWAY_PORT, config.SLIPWAY_HOST);
  log.info({ url: await app.getUrl() }, 'the API answers');
  sayReady(log);
} catch (err) {
  if (!life.signal.aborted) {
    log.fatal({ err }, 'the API cannot start');
    life.end(1);
  }
}
