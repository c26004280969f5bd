import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../activities/store/errors.js';
import type { Replica } from '../../activities/store/store.ports.js';
import { secondApi } from '../chat/testing/second.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { REPLICA } from '../platform/tokens.js';
import { MEMORY_LIMITS, MEMORY_LIMITS_TOKEN, type MemoryLimits } from './memory.limits.js';

const AT = '/api/v1/privacy';
/** What only this person ever said. */
const WORDS = 'my-mother-was-born-in-Cork';

let api: TestApi;
let ada: string;
let bob: string;
let writer: Replica;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.tokenOf('ada', ['chat'], ['readers']);
  bob = await api.tokenOf('bob', ['chat']);
  writer = api.app.get(REPLICA, { strict: false });
});
afterAll(async () => {
  await api?.close();
});
beforeEach(() => {
  api.chat.tickets.kept.clear();
  api.chat.tickets.kind = 'store';
  api.chat.tickets.trouble = undefined;
  api.chat.tickets.before = () => {};
});

const erase = (login: string, token = ada, confirm = login) =>
  api.ask(`${AT}/erasure`, { method: 'POST', body: { login, confirm }, token });
const lines = ({ text }: { text: string }) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; item: Record<string, unknown> });

/** A conversation with a question and its answer, feedback, usage, a ticket, and cached answers. */
async function talk(login: string): Promise<{ conversationId: string }> {
  const { chat } = api.store;
  const [conversationId, question, answer] = [randomUUID(), randomUUID(), randomUUID()];
  await chat.conversations.create({
    id: conversationId,
    kind: 'private',
    owner: login,
    title: WORDS,
  });
  const place = { conversationId, by: login };
  await chat.turns.ask(
    { ...place, id: question, parentId: null, text: WORDS },
    { ...place, id: answer, parentId: question, wish: { said: WORDS }, replica: writer.number },
  );
  await chat.turns.rate(answer, login, 'down', WORDS);
  const subject = `user:${login}`;
  await chat.usage.add(new Date('2026-01-01'), [{ subject, requests: 1, tokens: 9 }]);
  const make = async () => ({ value: WORDS, keep: true });
  await api.chat.answerCache.through(`${login} asks`, make, [subject]);
  await api.chat.newsCache.through(`${login} reads`, make, [subject]);
  return { conversationId };
}

async function openTickets(count: number, token = ada): Promise<void> {
  for (let i = 0; i < count; i++) {
    const body = { subject: WORDS, body: WORDS, extra: { phone: WORDS } };
    expect((await api.ask('/api/v1/tickets', { method: 'POST', body, token })).status).toBe(201);
  }
}

describe('an export', () => {
  it('holds everything of one person, a line for each thing, and says where it ends', async () => {
    await talk('ada');
    await talk('bob');
    const answer = await api.ask(`${AT}/export`, { token: ada });
    expect([answer.status, answer.headers['content-type']]).toEqual([
      200,
      'application/x-ndjson; charset=utf-8',
    ]);
    const items = lines(answer);
    expect(new Set(items.map(({ kind }) => kind))).toEqual(
      new Set(['user', 'token', 'conversation', 'turn', 'feedback', 'usage', 'end']),
    );
    expect(items[0]).toMatchObject({ kind: 'user', item: { login: 'ada', teams: ['readers'] } });
    expect(items.at(-1)).toEqual({ kind: 'end', item: { items: items.length - 1 } });
    expect(answer.text).not.toContain('bob');
    expect(answer.text).not.toContain(ada);
  });

  it('holds tickets wherever they are kept', async () => {
    api.chat.tickets.kind = 'dynamodb';
    await openTickets(3);
    await openTickets(1, bob);
    const items = lines(await api.ask(`${AT}/export`, { token: ada }));
    expect(items.filter(({ kind }) => kind === 'ticket')).toHaveLength(3);
  });

  it('of somebody else is for admins, and noted', async () => {
    expect((await api.ask(`${AT}/export?login=ada`, { token: bob })).status).toBe(403);
    const answer = await api.ask(`${AT}/export?login=ada`);
    expect(lines(answer)[0]).toMatchObject({ item: { login: 'ada' } });
    const { items } = (await api.ask('/api/v1/audit')).json;
    expect(items[0]).toMatchObject({ by: 'admin', action: 'privacy.export', subject: 'user/ada' });
  });

  it('is not begun while a part of it is away', async () => {
    const { users } = api.store;
    const { get } = users;
    users.get = async () => {
      throw new StoreUnavailable(new Error('gone'));
    };
    try {
      expect((await api.ask(`${AT}/export`, { token: ada })).status).toBe(503);
    } finally {
      users.get = get;
    }
  });
});

describe('an erasure', () => {
  it('reaches everything that a person said, looks again, and keeps the proof', async () => {
    const { conversationId } = await talk('ada');
    const { conversationId: other } = await talk('bob');
    const { status, json: report } = await erase('ada');
    expect([status, report]).toEqual([
      200,
      {
        id: expect.any(String),
        login: 'ada',
        askedBy: 'ada',
        at: expect.any(String),
        isComplete: true,
        erased: expect.objectContaining({ feedback: expect.any(Number) }),
        left: expect.any(Object),
        notes: expect.any(Array),
      },
    ]);
    for (const kind of [
      'conversation',
      'turn',
      'feedback',
      'usage',
      'cachedAnswer',
      'cachedNews',
    ]) {
      expect([kind, report.erased[kind] > 0, report.left[kind]]).toEqual([kind, true, 0]);
    }
    expect(await api.store.chat.conversations.get(conversationId, 'ada')).toBeUndefined();
    expect(await api.store.chat.conversations.get(other, 'bob')).toBeDefined();
    expect(api.chat.answerCache.kept.has('ada asks')).toBe(false);
    const kinds = lines(await api.ask(`${AT}/export`, { token: ada })).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['user', 'token', 'end']));
    const kept = await api.ask(`${AT}/erasures`, { token: ada });
    expect(kept.json.items[0]).toEqual(report);
    expect(kept.text).not.toContain(WORDS);
  });

  it('leaves no row of the database with those words', async () => {
    await talk('ada');
    await erase('ada');
    await erase('bob', api.admin);
    const tables = await api.postgres.sql<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    for (const { name } of tables) {
      const sql = `SELECT t::text AS row FROM "${name}" t WHERE t::text LIKE '%' || $1 || '%'`;
      expect([name, await api.postgres.sql(sql, [WORDS])]).toEqual([name, []]);
    }
  });

  it('blanks tickets that are kept elsewhere, and counts those that it finds again', async () => {
    api.chat.tickets.kind = 'dynamodb';
    await openTickets(205);
    await openTickets(1, bob);
    const { json } = await erase('ada');
    expect([json.isComplete, json.erased.ticket, json.left.ticket]).toEqual([true, 205, 0]);
    const kept = [...api.chat.tickets.kept.values()];
    expect(kept.filter(({ body }) => body.includes(WORDS))).toHaveLength(1);
    expect(kept).toHaveLength(206);
  });

  it('that did not reach everything says so, and is repeated', async () => {
    api.chat.tickets.kind = 'dynamodb';
    await openTickets(3);
    const blank = api.chat.tickets.blank.bind(api.chat.tickets);
    api.chat.tickets.blank = async () => {};
    const { json } = await erase('ada');
    expect([json.isComplete, json.left.ticket]).toEqual([false, 3]);
    api.chat.tickets.blank = blank;
    expect((await erase('ada')).json).toMatchObject({ isComplete: true, erased: { ticket: 3 } });
  });

  it('reaches the memory of every replica, and counts what went there', async () => {
    const other = await secondApi(api);
    const make = async () => ({ value: WORDS, keep: true });
    await other.chat.answerCache.through('ada asks there', make, ['user:ada']);
    await other.chat.answerCache.through('bob asks there', make, ['user:bob']);
    const { json } = await erase('ada');
    expect([...other.chat.answerCache.kept.keys()]).toEqual(['bob asks there']);
    expect([json.isComplete, json.erased.cachedAnswer]).toEqual([true, 1]);
    expect(json.left).toMatchObject({ cachedAnswer: 0, silentReplica: 0 });
    await other.close();
  });

  it('names a replica that did not say that it forgot, until it is gone', async () => {
    const limits: MemoryLimits = api.app.get(MEMORY_LIMITS_TOKEN, { strict: false });
    limits.answerMs = 1;
    const deaf = await api.store.chat.join('deaf');
    const { json } = await erase('ada');
    expect([json.isComplete, json.left.silentReplica]).toEqual([false, 1]);
    expect(json.notes[0]).toContain(`Replica ${deaf.number} did not say`);
    const kept = await api.ask(`${AT}/erasures`, { token: ada });
    expect(kept.json.items[0]).toEqual(json);
    await deaf.leave();
    Object.assign(limits, MEMORY_LIMITS);
    expect((await erase('ada')).json).toMatchObject({
      isComplete: true,
      left: { silentReplica: 0 },
    });
  });

  it('is confirmed, and of somebody else only for admins', async () => {
    const wrong = await erase('ada', ada, 'bob');
    expect([wrong.status, wrong.json.errors]).toEqual([
      400,
      [{ field: 'confirm', message: 'must be the login once more' }],
    ]);
    expect((await erase('ada', bob)).status).toBe(403);
    expect((await erase('ada', api.admin)).status).toBe(200);
    expect((await erase('erased-user', api.admin)).status).toBe(404);
    const { items } = (await api.ask('/api/v1/audit')).json;
    const noted = items.find(({ action }: { action: string }) => action === 'privacy.erase');
    expect(noted).toMatchObject({ by: 'admin', subject: 'user/ada' });
  });

  it('shows its reports to whom they are about, and to admins', async () => {
    await erase('ada');
    const own = await api.ask(`${AT}/erasures`, { token: bob });
    expect(own.json.items.filter(({ login }: { login: string }) => login !== 'bob')).toEqual([]);
    expect((await api.ask(`${AT}/erasures?login=ada`, { token: bob })).status).toBe(403);
    expect((await api.ask(`${AT}/erasures?login=ada&limit=1`)).json.items).toHaveLength(1);
  });
});

describe('the log', () => {
  /** Every door at which people say something. */
  async function sayEverywhere(): Promise<number[]> {
    const { conversationId } = await talk('ada');
    const messages = [{ role: 'user', content: WORDS }];
    const said: [path: string, body: object][] = [
      ['/ask', { question: `${WORDS} ${randomUUID()}` }],
      [`/api/v1/chat/conversations/${conversationId}/turns`, { text: WORDS }],
      ['/api/v1/chat/conversations', { title: WORDS }],
      ['/v1/chat/completions', { model: 'fake', messages }],
      ['/v1/completions', { model: 'fake', prompt: WORDS }],
      ['/v1/embeddings', { model: 'fake', input: WORDS }],
      ['/api/v1/tickets', { subject: WORDS, body: WORDS, extra: { [WORDS]: WORDS } }],
      ['/api/v1/tickets', { subject: WORDS, extra: { [WORDS]: WORDS.repeat(1_000) } }],
    ];
    const statuses: number[] = [];
    for (const [path, body] of said) {
      statuses.push((await api.ask(path, { method: 'POST', body, token: ada })).status);
    }
    return statuses;
  }
  const spoken = () => api.printed.filter((line) => line.includes(WORDS));

  it('holds no words of anybody while all is well', async () => {
    const statuses = await sayEverywhere();
    expect(statuses.filter((status) => status >= 300)).toEqual([400]);
    await api.ask(`${AT}/export`, { token: ada });
    await erase('ada');
    expect(spoken()).toEqual([]);
    expect((await api.ask('/api/v1/audit?limit=200')).text).not.toContain(WORDS);
  });

  it('holds none when models and storages break', async () => {
    api.chat.models.trouble = new Error('a bug of the model');
    api.chat.tickets.trouble = new Error('a bug of the storage');
    await sayEverywhere();
    api.chat.models.trouble = undefined;
    api.chat.tickets.trouble = undefined;
    expect(api.printed.join('')).toContain('a bug of the storage');
    expect(spoken()).toEqual([]);
  });

  it('holds none when the database names the row that it refuses', async () => {
    for (const [table, column] of [
      ['turns', 'text'],
      ['conversations', 'title'],
    ]) {
      await api.postgres.sql(
        `ALTER TABLE ${table} ADD CONSTRAINT no_cork CHECK (${column} NOT LIKE '%Cork') NOT VALID`,
      );
    }
    const opened = { method: 'POST', body: { title: WORDS }, token: ada } as const;
    expect((await api.ask('/api/v1/chat/conversations', opened)).status).toBe(500);
    expect(api.printed.join('')).toContain('no_cork');
    expect(spoken()).toEqual([]);
  });
});
