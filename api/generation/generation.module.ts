import { Module } from '@nestjs/common';
import type { Config } from '../../activities/platform/config.js';
import type { Store } from '../../activities/store/store.ports.js';
import { LOG, type Log } from '../platform/log.js';
import { CONFIG, STORE } from '../platform/tokens.js';
import { Budgets } from './budgets.js';
import { Exchange } from './exchange.js';
import { GENERATION } from './generation.ports.js';
import { GenerationService } from './generation.service.js';

@Module({
  providers: [
    {
      provide: Budgets,
      inject: [CONFIG],
      useFactory: (config: Config) =>
        new Budgets({
          requests: config.SLIPWAY_CHAT_REQUESTS_PER_MINUTE,
          tokens: config.SLIPWAY_CHAT_TOKENS_PER_MINUTE,
        }),
    },
    {
      provide: Exchange,
      inject: [Budgets, STORE, LOG],
      useFactory: (budgets: Budgets, store: Store, log: Log) =>
        new Exchange(budgets, () => store.chat.usage, log),
    },
    { provide: GENERATION, useClass: GenerationService },
  ],
  exports: [GENERATION],
})
export class GenerationModule {}
