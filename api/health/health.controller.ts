import { Controller, Get, HttpCode, HttpStatus, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Store } from '../../activities/store/store.ports.js';
import { Health } from '../client/wire.js';
import { Public } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { STORE } from '../platform/tokens.js';
import { version } from '../platform/version.js';
import { WORKFLOWS, type Workflows } from '../platform/workflows.ports.js';

const example = {
  status: 'up',
  version: '0.1.0',
  parts: {
    database: { status: 'up', message: 'answers' },
    temporal: { status: 'up', message: 'answers' },
  },
};

const degraded = 'A part does not answer; `parts` says which.';

@Controller('health')
@Public()
export class HealthController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(WORKFLOWS) private readonly workflows: Workflows,
  ) {}

  @Get()
  @Describe({ summary: 'Whether all parts answer', answer: Health, example, degraded })
  check(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    return this.look(reply);
  }

  @Get('ready')
  @Describe({ summary: 'As /health: for a load balancer', answer: Health, example, degraded })
  ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    return this.look(reply);
  }

  @Get('live')
  @HttpCode(200)
  @Describe({ summary: 'Whether this process answers; asks no other', answer: Health, example })
  live(): Health {
    return { status: 'up', version, parts: {} };
  }

  private async look(reply: FastifyReply): Promise<Health> {
    const [database, temporal] = await Promise.all([this.store.ping(), this.workflows.ping()]);
    const isUp = database && temporal;
    if (!isUp) reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    const parts = {
      database: part(database, 'PostgreSQL does not answer; see DATABASE_URL'),
      temporal: part(temporal, 'Temporal does not answer; see TEMPORAL_ADDRESS'),
    };
    return { status: isUp ? 'up' : 'degraded', version, parts };
  }
}

function part(isUp: boolean, trouble: string): Health['parts'][string] {
  return isUp ? { status: 'up', message: 'answers' } : { status: 'down', message: trouble };
}
