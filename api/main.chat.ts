/** What an API that serves chat is made of, by configuration. */
import { hostname } from 'node:os';
import { cacheParts } from '../activities/cache/assemble.js';
import { createEngineModels } from '../activities/engine/assemble.js';
import { libraryParts } from '../activities/models/assemble.js';
import { newsParts } from '../activities/news/assemble.js';
import type { Config } from '../activities/platform/config.js';
import { keepTrying } from '../activities/platform/keep-trying.js';
import type { Lifetime } from '../activities/platform/lifetime.js';
import type { Log } from '../activities/platform/logging.js';
import { remoteModels } from '../activities/providers/assemble.js';
import { StoreUnavailable } from '../activities/store/errors.js';
import type { Replica, Store } from '../activities/store/store.ports.js';
import { ticketParts } from '../activities/tickets/assemble.js';
import { PrometheusMetrics } from './platform/metrics.js';
import type { ChatParts } from './platform/parts.js';

interface Process {
  config: Config;
  store: Store;
  life: Lifetime;
  log: Log;
}

/** Loads no model: engines follow the record once the API is whole, and a toy waits for its first question. */
export async function chatParts(process: Process): Promise<ChatParts> {
  const { config, store, life, log } = process;
  const replica = await joined(process);
  life.atEnd('replica', () => replica.leave());
  const caches = await cacheParts(config, log);
  life.atEnd('caches', () => caches.close());
  const tickets = ticketParts(config, store);
  life.atEnd('tickets', () => tickets.close());
  const { library, servings } = libraryParts(config, store.chat.models, log);
  library.resume().catch((err: unknown) => log.error({ err }, 'pulls could not go on'));
  life.atEnd('pulls', () => library.close());
  const models = remoteModels(config) ?? createEngineModels(config, { log, servings });
  life.atEnd('models', () => models.close());
  return {
    models,
    library,
    replica,
    news: newsParts(config),
    newsCache: caches.news,
    answerCache: caches.answers,
    tickets: tickets.storage,
    metrics: new PrometheusMetrics(),
  };
}

function joined({ store, life, log }: Process): Promise<Replica> {
  return keepTrying(() => store.chat.join(`${hostname()} ${globalThis.process.pid}`), {
    part: 'PostgreSQL',
    log,
    signal: life.signal,
    isAway: (error) => error instanceof StoreUnavailable,
  });
}
