/** What every area of the API is given. */
import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import type { Store } from '../../activities/store/store.ports.js';
import { SECRETS, type SecretKeeper } from '../secrets/secrets.ports.js';
import { Audit } from './audit.js';
import { Authenticator } from './auth.js';
import { AuthFailures } from './failures.js';
import { Follow } from './follow.js';
import { LOG, type Log } from './log.js';
import { Streams } from './sse.js';
import { CONFIG, STORE } from './tokens.js';
import { WORKFLOWS, type Workflows } from './workflows.ports.js';

export interface Parts {
  config: Config;
  store: Store;
  workflows: Workflows;
  secrets: SecretKeeper;
  log: Log;
}

/** Makes the parts and what is built on them known to every area. */
export function platformOf({ config, store, workflows, secrets, log }: Parts): DynamicModule {
  const failures = new AuthFailures();
  const parts = [
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
  const services = [Audit];
  return {
    module: PlatformModule,
    providers: [...parts, ...services],
    exports: [...parts.map((part) => part.provide), ...services],
  };
}

@Global()
@Module({})
class PlatformModule {}
