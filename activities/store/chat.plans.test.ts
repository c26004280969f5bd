import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createChat } from './chat.store.js';
import { openDataSource, poolOf } from './data-source.js';
import { overPool } from './db.js';
import type { ChatStore, Page, PageWish, Replica } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';
import { dearOf, type Look, looksOf } from './testing.plans.js';
import { fillTalks, TALKS } from './testing.talks.js';

// Half a million turns: what chat asks of the store must cost what it returns, not what there is.
// Rows that were looked at are counted; no time is measured.

/** These grow without end; replicas, servings and the tokens of one person are few. */
const GROWING = ['conversations', 'turns', 'feedback', 'tickets', 'usage', 'presences', 'models'];
GROWING.push('erasures', 'proposals');
/** A page, and what finding its end may cost on top: of tickets, a filter may drop more than it keeps. */
const LIMIT = 50;
const MOST_ROWS = 8 * LIMIT;
const { busiest, usual, room, turn } = TALKS;
const LAST = turn(40_000);

let postgres: ThrowAway;
let source: DataSource;
let chat: ChatStore;
let replica: Replica;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
  source = await openDataSource({ url: postgres.url });
  chat = createChat(overPool(poolOf(source)), postgres.url);
  await fillTalks(postgres);
  await postgres.sql(`SELECT setval(pg_get_serial_sequence('replicas', 'number'), 100)`);
  replica = await chat.join('test');
}, 600_000);
afterAll(async () => {
  await replica?.leave();
  await source?.destroy();
  await postgres?.remove();
});

type Asking = (on: ChatStore) => Promise<unknown>;

async function growing(ask: Asking): Promise<Look[]> {
  const looks = await looksOf(poolOf(source), () => ask(chat));
  expect(looks).not.toEqual([]);
  return looks.filter(({ table }) => GROWING.includes(table));
}

/** The first and the second page of a list. */
const pages =
  (list: (on: ChatStore, page: PageWish) => Promise<Page<unknown>>): Asking =>
  async (on) => {
    const { next } = await list(on, { limit: LIMIT });
    await list(on, { limit: LIMIT, ...(next && { cursor: next }) });
  };

const from = new Date(Date.UTC(2025, 0, 20));
const until = new Date(Date.UTC(2025, 0, 25));
type TicketFilter = Omit<Parameters<ChatStore['tickets']['list']>[0], keyof PageWish>;
const FILTERS: TicketFilter[] = [{}, { status: 'open' }, { status: 'closed' }]
  .flatMap((one) => [one, { ...one, channel: 'phone' }, { ...one, channel: 'chat' }])
  .flatMap((one) => [one, { ...one, from }, { ...one, from, until }]);

const LISTS: [string, Asking][] = [
  [
    'the conversations of who has half of all',
    pages((on, page) => on.conversations.list({ login: busiest, ...page })),
  ],
  [
    'those of a usual person',
    pages((on, page) => on.conversations.list({ login: usual, ...page })),
  ],
  ['those of somebody new', pages((on, page) => on.conversations.list({ login: 'new', ...page }))],
  ['models', pages((on, page) => on.models.list(page))],
  ...FILTERS.map((filter): [string, Asking] => [
    `tickets with ${JSON.stringify(filter)}`,
    pages((on, page) => on.tickets.list({ ...filter, ...page })),
  ]),
  ['a person’s tickets', pages((on, page) => on.tickets.list({ createdBy: usual, ...page }))],
  ['reports of erasures', pages((on, page) => on.privacy.reports(page))],
  ['those of one person', pages((on, page) => on.privacy.reports({ login: usual, ...page }))],
  ['an export', pages((on, page) => on.privacy.exported(usual, page))],
  ['the export of who has half of all', pages((on, page) => on.privacy.exported(busiest, page))],
  ...['turn', 'feedback', 'ticket', 'proposal', 'usage'].map((kind): [string, Asking] => {
    const cursor = Buffer.from(JSON.stringify([kind, ''])).toString('base64url');
    return [
      `an export that has come to its kind "${kind}"`,
      (on) => on.privacy.exported(busiest, { limit: LIMIT, cursor }),
    ];
  }),
  ['what changed in a big room', (on) => on.turns.changed(room, 39_900, LIMIT)],
  ['a big room from its beginning', (on) => on.turns.changed(room, 0, LIMIT)],
];

const asking = (id: string) => ({ id, conversationId: room, parentId: LAST, by: usual });
const made = { wish: {}, replica: 1 };
const done = { status: 'done', meta: {}, failure: null } as const;
const open = turn(519_999);

const LOOKUPS: [string, Asking][] = [
  ['a conversation', (on) => on.conversations.get(room, usual)],
  ['a new title', (on) => on.conversations.change(room, { title: 'x' })],
  ['a turn', (on) => on.turns.get(LAST)],
  ['the end of an answer', (on) => on.turns.tail(LAST, 3)],
  ['the way to a turn', (on) => on.turns.path(LAST)],
  ['the ratings of turns', (on) => on.turns.ratings([turn(10), turn(20)])],
  ['a question', (on) => on.turns.ask(null, { ...asking(randomUUID()), ...made })],
  ['text of an answer', (on) => on.turns.append(open, 1, 0, 'x')],
  ['the end of the answer', (on) => on.turns.finish(open, 1, done)],
  ['a cancel', (on) => on.turns.cancel(turn(519_998))],
  ['a thumb', (on) => on.turns.rate(LAST, usual, 'down', null)],
  ['who is present', (on) => on.presence.list(room)],
  ['that somebody is here', (on) => on.presence.here(replica.number, room, usual, 1)],
  ['that somebody types', (on) => on.presence.typing(replica.number, room, usual)],
  ['a model', (on) => on.models.get('model-7')],
  ['what is served', (on) => on.models.servings()],
  ['a ticket', (on) => on.tickets.get('T-7')],
  ['that there is a ticket', (on) => on.tickets.exists('T-7')],
  ['a ticket’s status', (on) => on.tickets.setStatus('T-7', 'open', from)],
];

describe.each([
  ['a page of', LISTS],
  ['looking up', LOOKUPS],
])('%s', (_how, asked) => {
  it.each(asked)(
    '%s is found by an index, and looks at little more than it shows',
    async (_what, ask) => {
      const looks = await growing(ask);
      expect(dearOf(looks, MOST_ROWS)).toEqual([]);
    },
  );
});

describe('answers of dead replicas', () => {
  it('are found among what is open, not among all that was ever answered', async () => {
    const looks = await growing((on) => on.turns.adopt(replica.number, LIMIT));
    const most = TALKS.openTurns + MOST_ROWS;
    expect(dearOf(looks, most)).toEqual([]);
  });
});

describe('what goes', () => {
  it('goes by an index too: the old, and what was a person’s', async () => {
    const before = { default: from, year: from, legal: from };
    const expired = await growing((on) => on.privacy.expire(before, 20));
    const forgotten = await growing((on) => on.usage.forget(from));
    const erased = await growing((on) => on.privacy.erase('user-999', 'admin'));
    const looks = [...expired, ...forgotten, ...erased];
    expect(looks.filter(({ index, how }) => index === null && how !== 'Tid Scan')).toEqual([]);
  });
});
