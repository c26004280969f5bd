import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { Config } from '../../activities/platform/config.js';
import type { Checked } from './checks.js';
import { HealthService, type HealthTools } from './health.service.js';

// A process that only delivers, with a clock of our own.

let tools: HealthTools;
let now: number;
/** Questions that the database was asked, and how it answers. */
let asked: number;
let database: () => Promise<boolean>;

beforeAll(async () => {
  const module = await Test.createTestingModule({
    imports: [TerminusModule.forRoot({ logger: false })],
  }).compile();
  tools = {
    terminus: module.get(HealthCheckService),
    indicators: module.get(HealthIndicatorService),
    now: () => now,
  };
});
beforeEach(() => {
  jest.useFakeTimers();
  now = 1_000;
  asked = 0;
  database = async () => true;
});
afterEach(() => {
  jest.useRealTimers();
});

function serviceOf(roles: Config['SLIPWAY_ROLES']): HealthService {
  const config = Config.parse({
    SLIPWAY_HOME: '/nowhere',
    DATABASE_URL: 'postgres://nobody',
    SLIPWAY_ROLES: roles,
  });
  const ping = async () => {
    asked++;
    return database();
  };
  const parts = { config, store: { ping }, workflows: { ping: async () => true } };
  return new HealthService(parts as unknown as Checked, tools);
}

describe('a process', () => {
  it('looks at what it needs for its role only', async () => {
    const names = async (roles: Config['SLIPWAY_ROLES']) =>
      Object.keys((await serviceOf(roles).health()).services);
    expect(await names('delivery')).toEqual(['database', 'temporal']);
    expect(await names('chat')).toEqual(['database']);
  });

  it('looks again when a second has passed, and only then', async () => {
    const service = serviceOf('chat');
    const first = await service.health();
    now += 999;
    expect(await service.health()).toBe(first);
    now += 1;
    await Promise.all([service.health(), service.health(), service.readiness()]);
    expect(asked).toBe(2);
  });

  it('does not wait for a part that hangs, and says what to do', async () => {
    const service = serviceOf('delivery');
    database = () => new Promise(() => {});
    const looking = service.health();
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await looking).toMatchObject({
      status: 'unhealthy',
      services: {
        database: { status: 'unhealthy', message: expect.stringMatching(/DATABASE_URL.*2 s/) },
        temporal: { status: 'healthy' },
      },
    });
  });

  it('is well again when its parts are', async () => {
    const service = serviceOf('delivery');
    database = async () => {
      throw new Error('too many connections');
    };
    expect((await service.readiness()).services['database']?.message).toContain('too many');
    database = async () => true;
    now += 1_000;
    expect((await service.readiness()).status).toBe('ready');
  });

  it('takes no more requests when it is about to end', async () => {
    const service = serviceOf('delivery');
    service.beforeApplicationShutdown();
    expect((await service.readiness()).status).toBe('draining');
  });
});
