/** What every area of the API is given. */
import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import type { Store } from '../../activities/store/store.ports.js';
import { Audit } from './audit.js';
import { Authenticator } from './auth.js';
import { Follow } from './follow.js';
import { LOG, type Log } from './log.js';
import { Streams } from './sse.js';
import { CONFIG, STORE } from './tokens.js';
import { WORKFLOWS, type Workflows } from './workflows.ports.js';

export interface Parts {
  config: Config;
  store: Store;
  workflows: Workflows;
  log: Log;
}

/** Makes the parts and what is built on them known to every area. */
export function platformOf({ config, store, workflows, log }: Parts): DynamicModule {
  const parts = [
    { provide: CONFIG, useValue: config },
    { provide: STORE, useValue: store },
    { provide: LOG, useValue: log },
    { provide: WORKFLOWS, useValue: workflows },
    { provide: Follow, useValue: new Follow(store) },
    { provide: Authenticator, useValue: new Authenticator(store.users) },
  ];
  const services = [Audit, Streams];
  return {
    module: PlatformModule,
    providers: [...parts, ...services],
    exports: [...parts.map((part) => part.provide), ...services],
  };
}

@Global()
@Module({})
class PlatformModule {}
