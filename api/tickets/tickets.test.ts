import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SlipwayError } from '../../activities/platform/errors.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';

const AT = '/api/v1/tickets';
let api: TestApi;
let ada: string;
let bob: string;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.tokenOf('ada', ['chat']);
  bob = await api.tokenOf('bob', ['chat']);
});
afterAll(() => api.close());
beforeEach(() => {
  api.chat.tickets.kept.clear();
  api.chat.tickets.trouble = undefined;
});

const open = (body: object, token = ada) => api.ask(AT, { method: 'POST', body, token });
const ids = ({ json }: { json: { items: { id: string }[] } }) => json.items.map(({ id }) => id);
const imported = (over: object = {}) => ({
  ...{ status: 'waiting', channel: 'email', subject: 'Broken link', body: 'On page 3.' },
  ...{ createdBy: 'ada', extra: { priority: 3 } },
  ...{ createdAt: '2025-11-20T09:30:00Z', updatedAt: '2025-11-21T10:00:00Z', ...over },
});
const put = (id: string, body: object, token = api.admin) =>
  api.ask(`${AT}/${id}`, { method: 'PUT', body, token });

class Away extends SlipwayError {
  override readonly code = 'tickets-unavailable';
}

describe('a ticket', () => {
  it('is opened, seen, and moved on by who opened it', async () => {
    const opened = await open({ subject: ' The search page is slow ', body: 'Since yesterday.' });
    expect([opened.status, opened.json]).toEqual([
      201,
      {
        id: expect.stringMatching(/^t-/),
        status: 'open',
        channel: 'api',
        subject: 'The search page is slow',
        body: 'Since yesterday.',
        conversationId: null,
        createdBy: 'ada',
        createdAt: expect.any(String),
        updatedAt: opened.json.createdAt,
        extra: {},
      },
    ]);
    const at = `${AT}/${opened.json.id}`;
    expect((await api.ask(at, { token: ada })).json).toEqual(opened.json);
    const body = { status: 'resolved' };
    const moved = await api.ask(`${at}/status`, { method: 'PATCH', body, token: ada });
    expect([moved.status, moved.json.status]).toEqual([200, 'resolved']);
    const { items } = (await api.ask('/api/v1/audit')).json;
    const said = items.map(({ by, action, detail }: Record<string, unknown>) => [
      by,
      action,
      detail,
    ]);
    expect(said.slice(0, 2)).toEqual([
      ['ada', 'ticket.status', { from: 'open', to: 'resolved' }],
      ['ada', 'ticket.open', { channel: 'api' }],
    ]);
  });

  it('is nobody else’s, unless they are an admin', async () => {
    await open({ id: 'mine', subject: 'mine' });
    const at = `${AT}/mine`;
    const body = { status: 'closed' };
    for (const [token, status, exists] of [
      [bob, 404, false],
      [ada, 200, true],
      [api.admin, 200, true],
    ] as const) {
      expect((await api.ask(at, { token })).status).toBe(status);
      expect((await api.ask(at, { token, method: 'HEAD' })).status).toBe(status);
      expect((await api.ask(`${at}/exists`, { token })).json).toEqual({ exists });
      const moved = await api.ask(`${at}/status`, { method: 'PATCH', body, token });
      expect(moved.status).toBe(status);
    }
    expect((await api.ask(`${AT}/nothing/exists`)).json).toEqual({ exists: false });
  });

  it('is opened once, however often it is sent with the same id', async () => {
    const ticket = { id: 'again', subject: 'once' };
    const [first, second] = [await open(ticket), await open(ticket)];
    expect([second.status, second.json]).toEqual([201, first.json]);
    const other = await open({ ...ticket, subject: 'twice' });
    expect([other.status, other.json.type]).toEqual([409, 'urn:slipway:problem:ticket-exists']);
    expect((await open(ticket, bob)).status).toBe(409);
    expect(api.chat.tickets.kept.size).toBe(1);
  });

  it('may come out of a conversation, of one’s own', async () => {
    const { id: conversationId } = await api.store.chat.conversations.create({
      ...{ id: '6f1de2a5-7b19-4a1e-9a64-0a6b0c1f8d11', kind: 'private', owner: 'ada', title: '' },
    });
    const opened = await open({ subject: 'help', conversationId });
    expect(opened.json).toMatchObject({ conversationId, channel: 'chat' });
    const refused = await open({ subject: 'help', conversationId }, bob);
    expect([refused.status, refused.json.detail]).toEqual([
      404,
      `you have no conversation "${conversationId}"`,
    ]);
  });

  it.each([
    ['without a subject', { body: 'x' }, 'subject'],
    ['with an empty subject', { subject: '  ' }, 'subject'],
    ['with too much', { subject: 'x', body: 'x'.repeat(20_001) }, 'body'],
    ['with half a character', { subject: 'x\ud800' }, 'subject'],
    ['with an id that is an address', { id: 'health', subject: 'x' }, 'id'],
    ['with an id that is a path', { id: '../x', subject: 'x' }, 'id'],
    ['of somebody else', { subject: 'x', createdBy: 'bob' }, 'createdBy'],
    ['with too many extras', { subject: 'x', extra: { a: 'x'.repeat(17_000) } }, 'extra'],
    ['with extras too deep', { subject: 'x', extra: deep(17) }, 'extra'],
    ['with a number that no storage keeps', { subject: 'x', extra: { a: 1e300 } }, 'extra'],
    ['with a name that no storage keeps', { subject: 'x', extra: { 'a\0': 1 } }, 'extra'],
  ])('is refused %s', async (_what, body, field) => {
    const { status, json } = await open(body);
    expect([status, json.errors?.[0]?.field ?? json.detail]).toEqual([
      400,
      expect.stringContaining(field),
    ]);
    expect(api.chat.tickets.kept.size).toBe(0);
  });
});

it('with a hundred thousand levels is refused, and does no harm', async () => {
  const levels = 100_000;
  const extra = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  const headers = { 'content-type': 'application/json' };
  const body = `{"subject":"x","extra":${extra}}`;
  const { status } = await api.ask(AT, { method: 'POST', body, headers, token: ada });
  expect(status).toBe(400);
});

function deep(levels: number): object {
  return levels === 0 ? {} : { a: deep(levels - 1) };
}

describe('the list of tickets', () => {
  beforeEach(async () => {
    for (const [id, by] of [
      ['a-1', 'ada'],
      ['a-2', 'ada'],
      ['b-1', 'bob'],
    ] as const) {
      await put(id, imported({ createdBy: by, channel: id === 'a-2' ? 'phone' : 'email' }));
    }
  });

  it('shows everybody their own, in whole pages, and admins all', async () => {
    expect(ids(await api.ask(AT, { token: ada })).sort()).toEqual(['a-1', 'a-2']);
    expect(ids(await api.ask(AT)).sort()).toEqual(['a-1', 'a-2', 'b-1']);
    expect(ids(await api.ask(`${AT}?createdBy=bob`))).toEqual(['b-1']);
    const { json } = await api.ask(`${AT}?limit=1`, { token: bob });
    expect([json.items.length, json.next]).toEqual([1, null]);
  });

  it('of somebody else is for admins', async () => {
    expect((await api.ask(`${AT}?createdBy=bob`, { token: ada })).status).toBe(403);
    expect((await api.ask(`${AT}?createdBy=ada`, { token: ada })).status).toBe(200);
  });

  it('is asked by status, channel and time, and goes on with a cursor', async () => {
    expect(ids(await api.ask(`${AT}?channel=phone&status=waiting`))).toEqual(['a-2']);
    expect(ids(await api.ask(`${AT}?from=2026-01-01T00:00:00Z`))).toEqual([]);
    expect(ids(await api.ask(`${AT}?until=2026-01-01T00:00:00Z`))).toHaveLength(3);
    const first = await api.ask(`${AT}?limit=2`);
    const second = await api.ask(`${AT}?limit=2&cursor=${first.json.next}`);
    expect([...ids(first), ...ids(second)].sort()).toEqual(['a-1', 'a-2', 'b-1']);
    expect((await api.ask(`${AT}?cursor=nonsense`)).status).toBe(400);
    expect((await api.ask(`${AT}?status=lost`)).status).toBe(400);
  });
});

describe('an import', () => {
  it('brings a ticket as it was, once', async () => {
    const [first, second] = [await put('old', imported()), await put('old', imported())];
    expect([first.status, first.json.outcome, second.json.outcome]).toEqual([
      200,
      'created',
      'present',
    ]);
    expect(first.json.ticket).toMatchObject({
      ...{ id: 'old', createdBy: 'ada', createdAt: '2025-11-20T09:30:00.000Z' },
      extra: { priority: 3 },
    });
  });

  it('leaves alone what people did with the ticket since', async () => {
    await put('old', imported());
    const body = { status: 'closed' };
    await api.ask(`${AT}/old/status`, { method: 'PATCH', body, token: ada });
    const { json } = await put('old', imported());
    expect([json.outcome, json.ticket.status]).toEqual(['present', 'closed']);
  });

  it('never takes the place of another ticket', async () => {
    await put('old', imported());
    expect((await put('old', imported({ body: 'something else' }))).status).toBe(409);
  });

  it('is for admins', async () => {
    expect((await put('old', imported(), ada)).status).toBe(403);
  });
});

describe('the storage of tickets', () => {
  it('says how it is', async () => {
    const well = await api.ask(`${AT}/health`, { token: ada });
    expect([well.status, well.json]).toEqual([
      200,
      { storage: 'store', status: 'healthy', responseTimeMs: expect.any(Number), message: '' },
    ]);
    api.chat.tickets.trouble = new Away('the table is gone', 'Make it.');
    const ill = await api.ask(`${AT}/health`, { token: ada });
    expect([ill.status, ill.json]).toMatchObject([
      503,
      { status: 'unhealthy', message: 'the table is gone. Make it.' },
    ]);
  });

  it('that is away is no bug of ours: every route answers 503 and says what to do', async () => {
    await open({ id: 'there', subject: 'x' });
    api.chat.tickets.trouble = new Away('the table is gone', 'Make it.');
    const body = { status: 'closed' };
    const answers = await Promise.all([
      open({ subject: 'x' }),
      put('x', imported()),
      api.ask(AT),
      api.ask(`${AT}/there`),
      api.ask(`${AT}/there/exists`),
      api.ask(`${AT}/there/status`, { method: 'PATCH', body }),
    ]);
    for (const { status, json, headers } of answers) {
      expect([status, json.type, json.help, headers['retry-after']]).toEqual([
        503,
        'urn:slipway:problem:tickets-unavailable',
        'Make it.',
        '5',
      ]);
    }
  });
});
