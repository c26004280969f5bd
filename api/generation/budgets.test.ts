import { describe, expect, it } from '@jest/globals';
import type { UsageStore } from '../../activities/store/chat.ports.js';
import { StoreUnavailable } from '../../activities/store/errors.js';
import type { Key } from '../platform/auth.js';
import { QuotaExceeded } from '../platform/errors.js';
import { Budgets } from './budgets.js';
import { Exchange } from './exchange.js';
import { FakeUsage } from './usage.fake.js';

// Budgets of a minute, of one replica and of several.

const NOON = Date.parse('2026-11-20T12:00:00Z');
const LIMITS = { requests: 3, tokens: 100 };

function replica(usage: UsageStore = new FakeUsage()) {
  const clock = { now: NOON };
  const budgets = new Budgets(LIMITS, () => clock.now);
  const logged: string[] = [];
  const say = (_fields: object, message: string) => void logged.push(message);
  const log = { info: say, warn: say, error: say };
  return { clock, budgets, logged, exchange: new Exchange(budgets, () => usage, log) };
}

function spend(budgets: Budgets, login: string, tokens = 1, key?: Key): void {
  budgets.check({ login, key });
  budgets.spend({ login, key }, tokens).settle(tokens);
}

function refusal(budgets: Budgets, login: string, key?: Key): QuotaExceeded | undefined {
  try {
    budgets.check({ login, key });
    return undefined;
  } catch (error) {
    if (error instanceof QuotaExceeded) return error;
    throw error;
  }
}

describe('a budget', () => {
  it('of requests ends with the minute, and says when that is', () => {
    const { budgets, clock } = replica();
    for (let count = 0; count < 3; count++) spend(budgets, 'ada');
    clock.now += 18_500;
    expect(refusal(budgets, 'ada')).toMatchObject({
      message: 'you used up your 3 requests of this minute',
      retryAfterSeconds: 42,
    });
    expect(refusal(budgets, 'bob')).toBeUndefined();
    clock.now += 42_000;
    expect(refusal(budgets, 'ada')).toBeUndefined();
  });

  it('of a token is within that of its user, and nobody else’s', () => {
    const { budgets } = replica();
    const key = { id: 'k1', requestsPerMinute: 1, tokensPerMinute: null };
    const other = { id: 'k2', requestsPerMinute: null, tokensPerMinute: 10 };
    spend(budgets, 'ada', 10, key);
    expect(refusal(budgets, 'ada', key)?.message).toBe(
      "you used up this token's 1 request of this minute",
    );
    expect(refusal(budgets, 'ada')).toBeUndefined();
    spend(budgets, 'ada', 10, other);
    expect(refusal(budgets, 'ada', other)?.message).toContain("this token's 10 tokens");
    spend(budgets, 'ada');
    expect(refusal(budgets, 'ada', { ...key, id: 'k3' })?.message).toContain('your 3 requests');
  });

  it('of tokens counts prompts when they come in, and what was really used afterwards', () => {
    const { budgets } = replica();
    const reservation = budgets.spend({ login: 'ada' }, 100);
    expect(refusal(budgets, 'ada')?.message).toContain('100 tokens');
    reservation.settle(40);
    reservation.settle(40);
    expect(refusal(budgets, 'ada')).toBeUndefined();
    spend(budgets, 'ada', 60);
    expect(refusal(budgets, 'ada')?.message).toContain('100 tokens');
  });

  it('of requests asks nothing more of one that is counted already, that of tokens does', () => {
    const { budgets } = replica();
    for (let count = 0; count < 3; count++) budgets.spend({ login: 'ada' }, 0);
    const counted = { login: 'ada', isCounted: true };
    expect(() => budgets.check(counted)).not.toThrow();
    budgets.spend(counted, 10).settle(100);
    expect(() => budgets.check(counted)).toThrow('100 tokens');
    expect(budgets.reports()[0]?.used).toEqual([{ subject: 'user:ada', requests: 3, tokens: 100 }]);
  });

  it('counts an answer that ends in the next minute there', () => {
    const { budgets, clock } = replica();
    const reservation = budgets.spend({ login: 'ada' }, 10);
    clock.now += 60_000;
    reservation.settle(100);
    expect(refusal(budgets, 'ada')?.message).toContain('100 tokens');
  });
});

describe('budgets of several replicas', () => {
  it('are one', async () => {
    const usage = new FakeUsage();
    const [one, two] = [replica(usage), replica(usage)];
    spend(one.budgets, 'ada');
    spend(one.budgets, 'ada');
    spend(two.budgets, 'ada');
    await one.exchange.once();
    await two.exchange.once();
    expect(refusal(two.budgets, 'ada')).toBeDefined();
    expect(refusal(one.budgets, 'ada')).toBeUndefined();
    expect(usage.of('user:ada', NOON)).toEqual({ requests: 3, tokens: 3 });
  });

  it('are told in one statement, and only what is new', async () => {
    const usage = new FakeUsage();
    const { budgets, exchange } = replica(usage);
    spend(budgets, 'ada');
    spend(budgets, 'bob');
    await exchange.once();
    await exchange.once();
    spend(budgets, 'bob');
    await exchange.once();
    expect(usage.statements.map((used) => used.length)).toEqual([2, 1]);
    expect(usage.of('user:bob', NOON)?.requests).toBe(2);
  });

  it('go on being counted by each for itself while PostgreSQL is away, and are told afterwards', async () => {
    const usage = new FakeUsage();
    const { budgets, exchange, logged } = replica(usage);
    usage.trouble = new StoreUnavailable(new Error('gone'));
    for (let count = 0; count < 3; count++) spend(budgets, 'ada');
    await exchange.once();
    await exchange.once();
    expect(refusal(budgets, 'ada')).toBeDefined();
    expect(logged).toEqual(['budgets are counted by each replica for itself']);
    usage.trouble = undefined;
    await exchange.once();
    expect(usage.of('user:ada', NOON)?.requests).toBe(3);
  });

  it('get the last of a minute when it is over', async () => {
    const usage = new FakeUsage();
    const { budgets, exchange, clock } = replica(usage);
    spend(budgets, 'ada');
    clock.now += 60_000;
    spend(budgets, 'ada');
    await exchange.once();
    expect(usage.of('user:ada', NOON)?.requests).toBe(1);
    expect(usage.of('user:ada', NOON + 60_000)?.requests).toBe(1);
  });
});
