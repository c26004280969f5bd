/** What every area of the API is given. */
import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import type { Replica, Store } from '../../activities/store/store.ports.js';
import { ANSWER_CACHE, type Cache, NEWS_CACHE } from '../chat/cache.ports.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import { NEWS, type News } from '../chat/news.ports.js';
import { MODEL_LIBRARY, type ModelLibrary } from '../models/library.ports.js';
import { SECRETS, type SecretKeeper } from '../secrets/secrets.ports.js';
import { TICKETS, type TicketStorage } from '../tickets/tickets.ports.js';
import { Audit } from './audit.js';
import { Authenticator } from './auth.js';
import { AuthFailures } from './failures.js';
import { Follow } from './follow.js';
import { LOG, type Log } from './log.js';
import { METRICS, type Metrics } from './metrics.ports.js';
import { Streams } from './sse.js';
import { CONFIG, REPLICA, STORE } from './tokens.js';
import { WORKFLOWS, type Workflows } from './workflows.ports.js';

/** Of the role `chat`. */
export interface ChatParts {
  models: Models;
  library: ModelLibrary;
  news: News;
  newsCache: Cache;
  answerCache: Cache;
  tickets: TicketStorage;
  replica: Replica;
  metrics: Metrics;
}

export interface Parts {
  /** Absent where this process does not serve chat. */
  chat?: ChatParts;
  config: Config;
  store: Store;
  workflows: Workflows;
  secrets: SecretKeeper;
  log: Log;
}

/** Makes the parts and what is built on them known to every area. */
export function platformOf({ config, store, workflows, secrets, log, chat }: Parts): DynamicModule {
  const failures = new AuthFailures();
  const parts: { provide: symbol | Type; useValue: unknown }[] = [
    { provide: CONFIG, useValue: config },
    { provide: STORE, useValue: store },
    { provide: LOG, useValue: log },
    { provide: WORKFLOWS, useValue: workflows },
    { provide: SECRETS, useValue: secrets },
    { provide: Follow, useValue: new Follow(store) },
    { provide: Streams, useValue: new Streams() },
    { provide: Authenticator, useValue: new Authenticator(store.users, failures, log) },
    { provide: AuthFailures, useValue: failures },
  ];
  if (chat !== undefined) parts.push(...chatParts(chat));
  const services = [Audit];
  return {
    module: PlatformModule,
    providers: [...parts, ...services],
    exports: [...parts.map((part) => part.provide), ...services],
  };
}

function chatParts(chat: ChatParts) {
  const { models, library, news, newsCache, answerCache, tickets, replica, metrics } = chat;
  return [
    { provide: MODELS, useValue: models },
    { provide: MODEL_LIBRARY, useValue: library },
    { provide: NEWS, useValue: news },
    { provide: NEWS_CACHE, useValue: newsCache },
    { provide: ANSWER_CACHE, useValue: answerCache },
    { provide: TICKETS, useValue: tickets },
    { provide: REPLICA, useValue: replica },
    { provide: METRICS, useValue: metrics },
  ];
}

@Global()
@Module({})
class PlatformModule {}
