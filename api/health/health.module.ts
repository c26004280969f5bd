/** Health and metrics, of whatever a process is for. */
import { type DynamicModule, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { PrometheusMetrics } from '../platform/metrics.js';
import type { Parts } from '../platform/parts.js';
import { Streams } from '../platform/sse.js';
import { showChat, showProcess } from './gauges.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsService } from './metrics.service.js';
import { Watchdog } from './watchdog.js';

@Module({})
export class HealthModule implements OnModuleDestroy {
  /** @param metrics where requests are counted, and what Prometheus is shown. */
  static of(parts: Parts, metrics: PrometheusMetrics): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: PrometheusMetrics, useValue: metrics },
        { provide: Watchdog, useFactory: startedWatchdog },
        {
          provide: HealthService,
          inject: [HealthCheckService, HealthIndicatorService],
          useFactory: (terminus: HealthCheckService, indicators: HealthIndicatorService) =>
            new HealthService(parts, { terminus, indicators }),
        },
        {
          provide: MetricsService,
          inject: [HealthService, Streams],
          useFactory: (health: HealthService, streams: Streams) => {
            showProcess(metrics, { streams, health });
            if (parts.chat) showChat(metrics, parts.chat);
            return new MetricsService(metrics, health);
          },
        },
      ],
    };
  }

  constructor(@Inject(Watchdog) private readonly watchdog: Watchdog) {}

  onModuleDestroy(): void {
    this.watchdog.stop();
  }
}

function startedWatchdog(): Watchdog {
  const watchdog = new Watchdog();
  watchdog.start();
  return watchdog;
}
