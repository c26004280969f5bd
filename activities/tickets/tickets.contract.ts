/** What every storage of tickets promises. Adapters and the fake of the doors are held to it. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Ticket } from '../../workflows/domain/ticket.js';
import { BadCursor } from '../store/errors.js';
import type { TicketPage, TicketQuery, TicketStorage } from './tickets.ports.js';

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse('2026-01-01T00:00:00.000Z');
const day = (n: number) => new Date(FIRST_DAY + n * DAY_MS).toISOString();

export function aTicket(over: Partial<Ticket> = {}): Ticket {
  return {
    id: 't-1',
    status: 'open',
    channel: 'web',
    subject: 'The search page is slow',
    body: 'Since yesterday.\nGrüße, 👩‍👩‍👧',
    conversationId: null,
    createdBy: 'ada',
    createdAt: day(0),
    updatedAt: day(0),
    extra: {},
    ...over,
  };
}

/** @param open An empty storage, for this suite alone. */
export function holdsTheContract(name: string, open: () => Promise<TicketStorage>): void {
  describe(`tickets kept by ${name}`, () => {
    let tickets: TicketStorage;
    beforeAll(async () => {
      tickets = await open();
    });

    it('are there once they are saved, exactly as they were', async () => {
      const ticket = aTicket({
        id: 'exact',
        conversationId: '6f1de2a5-7b19-4a1e-9a64-0a6b0c1f8d11',
        extra: {
          priority: 3,
          price: 19.99,
          tiny: 1e-100,
          large: 9_007_199_254_740_991,
          vip: true,
          none: null,
          tags: ['a', '', ['b', { deep: -0.1 }]],
          customer: { name: 'Müller', phones: [] },
        },
      });
      expect(await tickets.get('exact')).toBeUndefined();
      expect(await tickets.exists('exact')).toBe(false);
      expect(await tickets.save(ticket)).toBe(true);
      expect(await tickets.get('exact')).toEqual(ticket);
      expect(await tickets.exists('exact')).toBe(true);
    });

    it('are not overwritten by another one with the same id', async () => {
      const first = aTicket({ id: 'once' });
      expect(await tickets.save(first)).toBe(true);
      expect(await tickets.save({ ...first, subject: 'another' })).toBe(false);
      expect(await tickets.get('once')).toEqual(first);
    });

    it('of many who save the same id at once, one wins', async () => {
      const all = Array.from({ length: 8 }, (_, i) => aTicket({ id: 'race', subject: `by ${i}` }));
      const saved = await Promise.all(all.map((ticket) => tickets.save(ticket)));
      expect(saved.filter(Boolean)).toHaveLength(1);
      expect((await tickets.get('race'))?.subject).toBe(`by ${saved.indexOf(true)}`);
    });

    it('keep times to the millisecond, however they were written', async () => {
      const at = '2026-03-04T05:06:07Z';
      await tickets.save(aTicket({ id: 'times', createdAt: at, updatedAt: at }));
      const exact = '2026-03-04T05:06:07.000Z';
      expect(await tickets.get('times')).toMatchObject({ createdAt: exact, updatedAt: exact });
    });

    it('can be asked whether they can be asked', () => tickets.ping());

    changesOf(() => tickets);
    listsOf(() => tickets);
  });
}

function changesOf(storage: () => TicketStorage): void {
  describe('when they change', () => {
    let tickets: TicketStorage;
    beforeAll(() => {
      tickets = storage();
    });

    it('change their status, and say when', async () => {
      await tickets.save(aTicket({ id: 'moves' }));
      const changed = await tickets.setStatus('moves', 'resolved');
      expect(changed).toEqual({
        ...aTicket({ id: 'moves' }),
        status: 'resolved',
        updatedAt: expect.any(String),
      });
      expect(Date.parse(changed?.updatedAt ?? '')).toBeGreaterThan(Date.parse(day(0)));
      expect(await tickets.get('moves')).toEqual(changed);
      expect(await tickets.setStatus('moves', 'resolved')).toEqual(changed);
    });

    it('that are not there have no status', async () => {
      expect(await tickets.setStatus('nobody', 'closed')).toBeUndefined();
      expect(await tickets.exists('nobody')).toBe(false);
    });

    it('lose their words on request, and stay', async () => {
      const conversationId = '6f1de2a5-7b19-4a1e-9a64-0a6b0c1f8d11';
      const whole = aTicket({
        ...{ id: 'blank', createdBy: 'gone', conversationId },
        extra: { phone: '123' },
      });
      await tickets.save(whole);
      await tickets.blank('blank');
      await tickets.blank('blank');
      await tickets.blank('nobody');
      expect(await tickets.get('blank')).toEqual({
        ...whole,
        subject: '',
        body: '',
        extra: {},
        conversationId: null,
        createdBy: 'erased-user',
      });
      expect((await tickets.ofUser('gone')).items).toEqual([]);
      expect(await tickets.exists('nobody')).toBe(false);
    });
  });
}

const STATUSES = ['open', 'waiting', 'closed'] as const;
const CHANNELS = ['chat', 'email'] as const;

/** Sixty on twenty days, three at the same moment. */
const listed: Ticket[] = Array.from({ length: 60 }, (_, i) =>
  aTicket({
    id: `list-${String(i).padStart(2, '0')}`,
    status: STATUSES[i % 3] ?? 'open',
    channel: CHANNELS[i % 2] ?? 'chat',
    createdBy: i % 5 === 0 ? 'lee' : 'list',
    createdAt: day(100 + Math.floor(i / 3)),
    updatedAt: day(100 + Math.floor(i / 3)),
  }),
);

function listsOf(storage: () => TicketStorage): void {
  describe('in lists', () => {
    beforeAll(async () => {
      for (const ticket of listed) await storage().save(ticket);
    });
    /** Among those of this suite only. */
    const all = (query: Omit<TicketQuery, 'limit'>, limit = 7) =>
      walk((cursor) => storage().list({ from: day(100), ...query, limit, ...cursor }));

    it.each<[string, Omit<TicketQuery, 'limit'>, (one: Ticket) => boolean]>([
      ['all of them', {}, () => true],
      ['a status', { status: 'open' }, (one) => one.status === 'open'],
      ['a channel', { channel: 'email' }, (one) => one.channel === 'email'],
      [
        'both',
        { status: 'closed', channel: 'chat' },
        (one) => one.status === 'closed' && one.channel === 'chat',
      ],
      ['a person', { createdBy: 'lee' }, (one) => one.createdBy === 'lee'],
      [
        'a person and a status',
        { createdBy: 'lee', status: 'waiting' },
        (one) => one.createdBy === 'lee' && one.status === 'waiting',
      ],
      [
        'some days',
        { from: day(105), until: day(110) },
        (one) => one.createdAt >= day(105) && one.createdAt < day(110),
      ],
      [
        'some days of a status',
        { status: 'open', from: day(105), until: day(110) },
        (one) => one.status === 'open' && one.createdAt >= day(105) && one.createdAt < day(110),
      ],
      ['no day at all', { from: day(110), until: day(110) }, () => false],
    ])('show every ticket of %s once, newest first', async (_what, query, fits) => {
      const items = await all(query);
      expect(items.map(({ createdAt }) => createdAt)).toEqual(
        items.map(({ createdAt }) => createdAt).sort((a, b) => (a < b ? 1 : -1)),
      );
      const ids = (some: Ticket[]) => some.map(({ id }) => id).sort();
      expect(ids(items)).toEqual(ids(listed.filter(fits)));
    });

    it('come in pages of any size', async () => {
      for (const limit of [1, 60, 200]) expect(await all({}, limit)).toHaveLength(60);
    });

    it('take no cursor that is not theirs', async () => {
      for (const cursor of ['nonsense', 'bnVsbA', btoa('[]'), btoa('["end"]'), btoa('[[1,2]]')]) {
        await expect(storage().list({ limit: 5, cursor })).rejects.toThrow(BadCursor);
      }
    });

    it('hold all tickets of a person, for their export', async () => {
      const items = await walk(({ cursor }) => storage().ofUser('lee', cursor));
      expect(items.map(({ id }) => id).sort()).toEqual(
        listed.filter(({ createdBy }) => createdBy === 'lee').map(({ id }) => id),
      );
    });
  });
}

/** All pages; a list that never ends is a mistake. */
async function walk(page: (place: { cursor?: string }) => Promise<TicketPage>): Promise<Ticket[]> {
  const items: Ticket[] = [];
  let place: { cursor?: string } = {};
  for (let pages = 0; pages < 200; pages++) {
    const { items: more, next } = await page(place);
    items.push(...more);
    if (next === null) return items;
    place = { cursor: next };
  }
  throw new Error('the list does not end');
}
