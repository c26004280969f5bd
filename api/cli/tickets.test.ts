import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Ticket } from '../client/wire.tickets.js';
import { migrateCommand } from './commands/tickets.migrate.js';
import type { Result } from './io.js';
import type { MigrationReport } from './migrate/report.js';
import { runCli } from './program.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-tickets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  for (const name of await readdir(folder)) await rm(join(folder, name));
  api = new TicketApi();
});

/** The routes that a migration asks, in memory; it misbehaves on request. */
class TicketApi {
  readonly kept = new Map<string, Ticket>();
  readonly heard: string[] = [];
  /** Asked before every request; what it returns is answered instead. */
  before: (method: string, path: string) => Response | undefined = () => undefined;

  answer(method: string, address: string, body: unknown): Response {
    const { pathname, search } = new URL(address);
    const path = pathname.replace('/api/v1', '');
    this.heard.push(`${method} ${path}${search}`);
    const other = this.before(method, path);
    if (other) return other;
    if (path === '/me') return json({ login: 'admin', teams: [], scopes: ['admin'] });
    const [, , id = ''] = path.split('/');
    const there = this.kept.get(id);
    if (method === 'GET' && id === '') return json({ items: [...this.kept.values()], next: null });
    if (method === 'GET') return there ? json(there) : problem(404, 'not-found');
    if (method === 'POST' || method === 'PATCH') {
      const ticket = { ...there, ...aTicket('t-1'), ...(body as object) } as Ticket;
      this.kept.set(ticket.id, ticket);
      return json(ticket);
    }
    const ticket = { ...(body as Ticket), id, conversationId: null };
    if (!there) {
      this.kept.set(id, ticket);
      return json({ outcome: 'created', ticket });
    }
    const isSame = there.body === ticket.body;
    return isSame ? json({ outcome: 'present', ticket: there }) : problem(409, 'ticket-exists');
  }
}
let api: TicketApi;

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}
function problem(status: number, code: string): Response {
  const said = { title: 'No', detail: `no: ${code}`, help: 'Do this.' };
  return json({ type: `urn:slipway:problem:${code}`, status, ...said }, status);
}

function aTicket(id: string): Ticket {
  const at = '2026-01-02T03:04:05.000Z';
  return {
    ...{ id, status: 'open', channel: 'api', subject: 'slow', body: 'very', conversationId: null },
    ...{ createdBy: 'ada', createdAt: at, updatedAt: at, extra: {} },
  };
}

async function withApi<T>(work: () => Promise<T>): Promise<T> {
  const real = globalThis.fetch;
  globalThis.fetch = async (address, init) => {
    const body: unknown = init?.body === undefined ? undefined : JSON.parse(init.body as string);
    return api.answer(init?.method ?? '', address as string, body);
  };
  try {
    return await work();
  } finally {
    globalThis.fetch = real;
  }
}

function ioOf(out: string[], err: string[]) {
  return {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    env: { SLIPWAY_URL: 'http://api', SLIPWAY_TOKEN: 'token' },
    cwd: folder,
    terminal: undefined,
    colour: false,
    secret: () => Promise.resolve('unused'),
    interrupted: new AbortController().signal,
  };
}

async function slipway(line: string) {
  const [out, err]: [string[], string[]] = [[], []];
  const words = line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
  const code = await withApi(() => runCli(words, ioOf(out, err)));
  return { code, out: out.join('\n'), err: err.join('\n') };
}

interface Migrated extends Result {
  json: MigrationReport;
}
/** A migration whose pauses take no time. */
async function migrate(
  options: { dryRun?: boolean; map?: string[] } = {},
  interrupted = new AbortController().signal,
): Promise<Migrated & { pauses: number[] }> {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const context = { io: { ...ioOf([], []), interrupted }, json: true };
  const given = { args: ['tickets.json'], options };
  const result = await withApi(() => migrateCommand(context, given, pause));
  return { ...(result as Migrated), pauses };
}

const store = (records: unknown) =>
  writeFile(join(folder, 'tickets.json'), JSON.stringify(records));
const record = (n: number, over: object = {}) => ({
  ...{ ticket_id: `T-${n}`, status: 'Resolved', channel: 'E-Mail', title: `ticket ${n}` },
  ...{ message: 'Bonjour', created_at: '2025-11-20T09:30:00.123456', priority: n, ...over },
});
const records = (count: number) => Array.from({ length: count }, (_, i) => record(i + 1));
const puts = () => api.heard.filter((one) => one.startsWith('PUT'));

describe('slipway tickets', () => {
  it('lists, shows, opens and moves them', async () => {
    api.kept.set('t-1', { ...aTicket('t-1'), subject: 'evil\u001b[2J', body: 'a\nb\u0007' });
    const list = await slipway('tickets list --status open --from 2026-01-01 --limit 5');
    expect([list.code, list.out]).toEqual([
      0,
      expect.stringMatching(/t-1 +open +api +ada .* evil$/),
    ]);
    const [asked = ''] = api.heard;
    expect(asked).toBe('GET /tickets?status=open&from=2026-01-01T00%3A00%3A00.000Z&limit=5');
    const shown = await slipway('tickets show t-1');
    expect(shown.out.split('\n').slice(-2)).toEqual(['a', 'b']);
    expect(shown.out).not.toContain('\u001b');
    expect((await slipway('tickets open "it is slow" -m why')).out).toBe('ticket t-1 is open');
    expect((await slipway('tickets status t-1 closed')).out).toBe('ticket t-1 is closed');
  });

  it.each([
    ['tickets status t-1 lost', 'Statuses: open'],
    ['tickets list --channel pigeon', 'Channels: chat'],
    ['tickets list --from tomorrow', '2026-11-20'],
    ['tickets show none', 'no: not-found'],
    ['tickets migrate none.json', 'cannot be migrated'],
    ['tickets migrate none.json --map status:x=lost', '--map is "status:x=lost"'],
  ])('"%s" is wrong usage, and says what to do', async (line, words) => {
    await store([]);
    const { code, err } = await slipway(line);
    expect([code, err]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe('slipway tickets migrate', () => {
  it('brings every ticket over, reads each back, and keeps a copy of the file', async () => {
    await store(records(25));
    const { code, json: report } = await migrate();
    expect([code, report]).toEqual([
      0,
      expect.objectContaining({
        ...{ tickets: 25, created: 25, present: 0, verified: 25, errors: [], isComplete: true },
      }),
    ]);
    expect(api.kept.get('T-3')).toEqual({
      ...{ id: 'T-3', status: 'resolved', channel: 'email', subject: 'ticket 3', body: 'Bonjour' },
      ...{ createdBy: 'admin', conversationId: null, extra: { priority: 3 } },
      ...{ createdAt: '2025-11-20T09:30:00.123Z', updatedAt: '2025-11-20T09:30:00.123Z' },
    });
    const [original, copy] = await Promise.all(
      [join(folder, 'tickets.json'), report.backup ?? ''].map((path) => readFile(path, 'utf8')),
    );
    expect(copy).toBe(original);
  });

  it.each([
    ['a list under "tickets"', { tickets: records(2) }],
    ['an object by id', { 'T-1': record(1), 'T-2': { ...record(2), ticket_id: undefined } }],
  ])('reads %s, too', async (_what, content) => {
    await store(content);
    expect((await migrate()).json.created).toBe(2);
    expect([...api.kept.keys()].sort()).toEqual(['T-1', 'T-2']);
  });

  it('names everything that is wrong with the file before anything is written', async () => {
    const wrong = [
      record(1),
      record(1),
      record(2, { status: 'escalated', created_at: 'yesterday' }),
      record(3, { ticket_id: 'a/b', message: 5 }),
      'no ticket',
      record(4, { created_at: undefined, title: 'x'.repeat(201) }),
    ];
    await store(wrong);
    const { code, json: report, lines } = await migrate();
    expect(report.findings.map(({ ticket, field }) => `${ticket} ${field}`)).toEqual([
      'ticket 2 ("T-1") id',
      'ticket 3 ("T-2") status',
      'ticket 3 ("T-2") createdAt',
      'ticket 3 ("T-2") updatedAt',
      'ticket 4 ("a/b") id',
      'ticket 4 ("a/b") body',
      'ticket 5 ',
      'ticket 6 ("T-4") subject',
      'ticket 6 ("T-4") createdAt',
      'ticket 6 ("T-4") updatedAt',
    ]);
    expect([code, lines[0]]).toEqual([1, expect.stringContaining('5 of 6 tickets')]);
    expect([puts(), await readdir(folder)]).toEqual([[], ['tickets.json']]);
  });

  it('maps words that it does not know when it is told to', async () => {
    await store([record(1, { status: 'Escalated', channel: 'pigeon' })]);
    const map = ['status:escalated=in-progress', 'channel:pigeon=phone'];
    expect((await migrate({ map })).code).toBe(0);
    expect(api.kept.get('T-1')).toMatchObject({ status: 'in-progress', channel: 'phone' });
  });

  it('keeps whose a ticket was although that is no login here', async () => {
    await store([record(1, { author: 'ada@example.com' }), record(2, { author: 'ada' })]);
    await migrate();
    expect(api.kept.get('T-1')).toMatchObject({
      createdBy: 'admin',
      extra: { created_by: 'ada@example.com' },
    });
    expect(api.kept.get('T-2')).toMatchObject({ createdBy: 'ada' });
  });

  it('says what it would do, offline, and writes nothing', async () => {
    await store(records(3));
    const { code, lines } = await migrate({ dryRun: true });
    expect([code, lines[0], api.heard, await readdir(folder)]).toEqual([
      0,
      '3 tickets can be migrated; nothing was written (--dry-run)',
      [],
      ['tickets.json'],
    ]);
  });

  it('says beforehand what retention would delete the next night', async () => {
    const years = [2015, new Date().getUTCFullYear() + 1];
    await store(years.map((year, i) => record(i, { created_at: `${year}-01-01T00:00:00Z` })));
    const tried = await migrate({ dryRun: true });
    expect(tried.json.olderThanAYear).toBe(1);
    expect(tried.lines[1]).toContain('SLIPWAY_RETENTION_YEAR_DAYS');
    expect((await migrate()).lines.join()).toContain('1 were last changed more than a year ago');
  });

  it('tries each ticket again while the API is away, ever more slowly', async () => {
    await store(records(3));
    let failures = 0;
    api.before = (method) =>
      method === 'PUT' && failures++ < 4 ? problem(503, 'tickets-unavailable') : undefined;
    const { code, json: report, pauses } = await migrate();
    expect([code, report.created, report.verified]).toEqual([0, 3, 3]);
    expect(pauses).toHaveLength(4);
    for (const ms of pauses) expect(ms).toBeGreaterThanOrEqual(125);
  });

  it('goes on where it was cut off, and sends nothing twice', async () => {
    await store(records(40));
    const interrupt = new AbortController();
    api.before = (method) => {
      if (method === 'PUT' && api.kept.size === 15) interrupt.abort();
      return undefined;
    };
    const first = await migrate({}, interrupt.signal);
    expect([first.code, first.json.isComplete]).toEqual([3, false]);
    const sent = new Set(puts());
    expect(sent.size).toBeLessThan(40);
    api.heard.length = 0;
    api.before = () => undefined;
    const second = await migrate();
    expect([second.code, second.json.created, second.json.verified]).toEqual([0, 40, 40]);
    expect(puts().filter((one) => sent.has(one))).toEqual([]);
    expect(second.json.backup).toBe(first.json.backup);
    api.heard.length = 0;
    expect((await migrate()).json).toMatchObject({ created: 40, verified: 40, isComplete: true });
    expect(puts()).toEqual([]);
  });

  it('goes on after its journal was cut off in the midst of a line', async () => {
    await store(records(4));
    await migrate();
    const journal = join(folder, 'tickets.json.journal');
    const text = await readFile(journal, 'utf8');
    await writeFile(journal, text.slice(0, -12));
    const { code, json: report } = await migrate();
    expect([code, report.created, report.present]).toEqual([0, 3, 1]);
  });

  it('counts what is there already, and refuses to take the place of another ticket', async () => {
    await store(records(3));
    await migrate();
    await rm(join(folder, 'tickets.json.journal'));
    api.kept.set('T-2', { ...aTicket('T-2'), body: 'another' });
    const { code, json: report } = await migrate();
    expect([code, report.created, report.present, report.isComplete]).toEqual([1, 0, 2, false]);
    expect(report.errors).toEqual([
      { id: 'T-2', code: 'ticket-exists', message: expect.stringContaining('ticket-exists') },
    ]);
  });

  it('finds by looking what did not arrive as it was', async () => {
    await store(records(3));
    api.before = (method, path) => {
      if (method === 'GET' && path.endsWith('T-2'))
        return json({ ...aTicket('T-2'), body: 'lost' });
      return undefined;
    };
    const { code, json: report } = await migrate();
    expect([code, report.verified]).toEqual([1, 2]);
    expect(report.errors).toEqual([
      { id: 'T-2', code: 'different', message: expect.stringContaining('subject, body') },
    ]);
  });

  it('does not mind that people went on with a ticket', async () => {
    await store(records(1));
    await migrate();
    const there = api.kept.get('T-1') ?? aTicket('T-1');
    api.kept.set('T-1', { ...there, status: 'closed', updatedAt: '2026-11-20T00:00:00.000Z' });
    expect((await migrate()).json).toMatchObject({ verified: 1, isComplete: true });
  });

  it('gives up early when nobody answers, and says how to go on', async () => {
    await store(records(200));
    api.before = (method) => (method === 'PUT' ? problem(503, 'tickets-unavailable') : undefined);
    const { code, json: report, lines } = await migrate();
    expect([code, report.created, report.isComplete]).toEqual([3, 0, false]);
    expect(puts().length).toBeLessThan(200);
    expect(lines.at(-1)).toContain('Start it again');
  });

  it('takes no journal of another file or place for its own', async () => {
    await store(records(2));
    await migrate();
    await store(records(3));
    const { code, err } = await slipway('tickets migrate tickets.json');
    expect([code, err]).toEqual([2, expect.stringContaining('had another content')]);
  });

  it('shows how far it is where there is no terminal', async () => {
    await store(records(20));
    const { code, out, err } = await slipway('tickets migrate tickets.json');
    expect([code, out]).toEqual([0, expect.stringContaining('20 tickets: 20 created')]);
    expect(err.split('\n')).toEqual(
      expect.arrayContaining(['tickets: 2 of 20', 'verified: 20 of 20']),
    );
  });
});
