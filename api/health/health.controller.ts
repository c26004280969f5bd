import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Health, Liveness, Readiness } from '../client/wire.js';
import { Public } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { version } from '../platform/version.js';
import * as examples from './examples.js';
import { HealthService } from './health.service.js';
import { Watchdog } from './watchdog.js';

@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly service: HealthService,
    private readonly watchdog: Watchdog,
  ) {}

  @Get()
  @Describe({
    summary: 'How all parts are; looked at once a second at most',
    answer: Health,
    example: examples.health,
    degraded: 'A critical part is away; `services` says which, and what to do.',
  })
  async check(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    const health = await this.service.health();
    if (health.status === 'unhealthy') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return health;
  }

  @Get('ready')
  @Describe({
    summary: 'Whether requests can be answered, for a load balancer',
    answer: Readiness,
    example: examples.readiness,
    degraded: 'A critical part is away, or the process is about to end.',
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.service.readiness();
    if (readiness.status !== 'ready') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }

  @Get('live')
  @Describe({
    summary: 'Whether this process works; asks no other part',
    answer: Liveness,
    example: examples.liveness,
    degraded: 'Its threads hang: only a restart helps.',
  })
  live(@Res({ passthrough: true }) reply: FastifyReply): Liveness {
    const isStuck = this.watchdog.isStuck();
    if (isStuck) reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return {
      status: isStuck ? 'stuck' : 'alive',
      timestamp: new Date().toISOString(),
      version,
      uptime_seconds: Math.round(process.uptime()),
    };
  }
}
