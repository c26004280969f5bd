import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Budgets } from '../generation/budgets.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { conversationOf, Gate, hurry, obey, settled } from './testing/talk.js';

// A token with a budget of its own, at every door that asks a model.

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  hurry(api);
  obey(api.chat);
  // A minute that does not end while a test counts in it.
  const now = Date.now();
  Object.assign(api.app.get(Budgets, { strict: false }), { clock: () => now });
  await api.store.users.put({ login: 'ada', teams: [], disabled: false });
});
afterAll(() => api.close());

const post = (path: string, token: string, body: object) =>
  api.ask(path, { method: 'POST', token, body });
async function tokenWith(limits: object): Promise<string> {
  const wanted = { login: 'ada', name: 'bot', scopes: ['chat'], ...limits };
  const { status, json } = await post('/api/v1/tokens', api.admin, wanted);
  expect([status, json]).toMatchObject([201, limits]);
  return json.token;
}

describe('a token with a budget', () => {
  it('is refused at every door once that is used up; its user’s other tokens are not', async () => {
    const token = await tokenWith({ requestsPerMinute: 1 });
    expect((await post('/ask', token, { question: 'What is a gate?' })).status).toBe(200);
    const talk = await conversationOf(api, token);
    const doors: [string, object][] = [
      ['/ask', { question: 'And a stage?' }],
      [`/api/v1/chat/conversations/${talk.id}/turns`, { text: 'And a stage?' }],
    ];
    for (const [path, body] of doors) {
      const { status, json, headers } = await post(path, token, body);
      expect([path, status]).toEqual([path, 429]);
      expect(json.detail).toContain("this token's 1 request");
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    const model = (await api.ask('/v1/models', { token })).json.data[0].id;
    const messages = [{ role: 'user', content: 'And a stage?' }];
    const openai = await post('/v1/chat/completions', token, { model, messages });
    expect([openai.status, openai.json.error.code]).toEqual([429, 'rate_limit_exceeded']);
    const other = await tokenWith({ tokensPerMinute: 1_000 });
    expect((await post('/ask', other, { question: 'And a stage?' })).status).toBe(200);
  });

  it('pays one request for each question, also for one that a cache answers', async () => {
    const token = await tokenWith({ requestsPerMinute: 3 });
    const asked: [status: number, meta: unknown][] = [];
    for (let count = 0; count < 5; count++) {
      const { status, headers } = await post('/ask', token, { question: 'Cached?' });
      asked.push([status, headers['x-slipway-meta']]);
    }
    expect(asked).toEqual([
      [200, expect.stringContaining('"cache":"miss"')],
      [200, expect.stringContaining('"cache":"hit"')],
      [200, expect.stringContaining('"cache":"hit"')],
      [429, undefined],
      [429, undefined],
    ]);
  });

  it('is asked before news are bought, and says no for free', async () => {
    const token = await tokenWith({ requestsPerMinute: 1 });
    api.chat.news.asked.length = 0;
    const statuses: number[] = [];
    for (const thing of ['planes', 'trains', 'ships']) {
      statuses.push((await post('/ask', token, { question: `What about ${thing}?` })).status);
    }
    expect(statuses).toEqual([200, 429, 429]);
    expect(api.chat.news.asked).toHaveLength(1);
  });

  it('of requests pays nothing for a question that is no question', async () => {
    const token = await tokenWith({ requestsPerMinute: 1 });
    expect((await post('/ask', token, { question: '  ' })).status).toBe(400);
    expect((await post('/ask', token, { question: 'What is a run?' })).status).toBe(200);
  });

  it('goes into the record with the wish, for whichever replica makes the answer', async () => {
    const limits = { requestsPerMinute: null, tokensPerMinute: 500 };
    const token = await tokenWith({ tokensPerMinute: 500 });
    const talk = await conversationOf(api, token);
    const gate = new Gate(api.chat.models, 0);
    const { json } = await post(`/api/v1/chat/conversations/${talk.id}/turns`, token, {
      text: 'What is a release?',
    });
    await gate.reached;
    const [row] = await api.postgres.sql<{ key: object }>(
      `SELECT wish->'key' AS key FROM turns WHERE id = '${json.answer.id}'`,
    );
    gate.release();
    await settled(api);
    expect(row?.key).toMatchObject(limits);
  });

  it('makes no other tokens: many small budgets would be a large one', async () => {
    const limits = { name: 'own', scopes: ['read', 'chat'], requestsPerMinute: 5 };
    const { json } = await post('/api/v1/tokens', api.admin, limits);
    const { status, json: refused } = await post('/api/v1/tokens', json.token, {
      name: 'more',
      scopes: ['chat'],
    });
    expect([status, refused.detail]).toEqual([
      403,
      'a token with a budget of its own makes no others',
    ]);
  });
});
