import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EngineLost } from '../../activities/platform/model-errors.js';
import type { TestApi } from '../platform/testing/api.js';
import {
  conversationOf,
  ended,
  Gate,
  obey,
  say,
  settled,
  startTalk,
  turnOf,
} from './testing/talk.js';

// Conversations over REST: what is said, how it is answered, and what stays when somebody leaves.

const AT = '/api/v1/chat';
let api: TestApi;
let ada: string;
let bob: string;
beforeAll(async () => {
  ({ api, ada, bob } = await startTalk());
});
afterAll(() => api.close());
afterEach(() => obey(api.chat));

const post = (path: string, body: unknown, token = ada, headers = {}) =>
  api.ask(`${AT}${path}`, { method: 'POST', token, body, headers });

describe('a conversation', () => {
  it('is its owner’s alone, and a room is everybody’s', async () => {
    const own = await conversationOf(api, ada);
    const room = await conversationOf(api, ada, 'room');
    expect((await api.ask(`${AT}/conversations/${own.id}`, { token: bob })).status).toBe(404);
    expect((await api.ask(`${AT}/conversations/${room.id}`, { token: bob })).status).toBe(200);
    const { json } = await api.ask(`${AT}/conversations`, { token: bob });
    const ids = json.items.map(({ id }: { id: string }) => id);
    expect([ids.includes(room.id), ids.includes(own.id)]).toEqual([true, false]);
    const { answer } = await say(api, ada, own.id);
    for (const path of ['', '/events']) {
      expect((await api.ask(`${AT}/turns/${answer.id}${path}`, { token: bob })).status).toBe(404);
    }
  });

  it('is changed and removed by its owner only', async () => {
    const room = await conversationOf(api, ada, 'room');
    const path = `${AT}/conversations/${room.id}`;
    const change = { method: 'PATCH', body: { title: ' Red ', retention: 'year' } } as const;
    expect((await api.ask(path, { ...change, token: bob })).status).toBe(403);
    const { json } = await api.ask(path, { ...change, token: ada });
    expect(json).toMatchObject({ title: 'Red', retention: 'year' });
    expect((await api.ask(path, { method: 'DELETE', token: bob })).status).toBe(403);
    expect((await api.ask(path, { method: 'DELETE', token: ada })).status).toBe(204);
    expect((await api.ask(path, { token: ada })).status).toBe(404);
  });

  it('is made once, however often the same is sent', async () => {
    const id = randomUUID();
    for (let times = 0; times < 2; times++) {
      expect((await post('/conversations', { id })).status).toBe(201);
    }
    expect((await post('/conversations', { id }, bob)).status).toBe(409);
  });

  it('needs the scope "chat"', async () => {
    const token = await api.tokenOf('eve', ['read']);
    expect((await api.ask(`${AT}/conversations`, { token })).status).toBe(403);
  });
});

describe('an answer', () => {
  it('is made, stored, and says how it was made', async () => {
    const { id } = await conversationOf(api, ada);
    const { question, answer } = await say(api, ada, id, { text: 'why is it red?' });
    expect(question).toMatchObject({ role: 'user', by: 'ada', status: 'done' });
    expect(answer).toMatchObject({ parentId: question?.id, role: 'assistant', text: '' });
    const done = await ended(api, ada, answer.id);
    expect(done).toMatchObject({ status: 'done', text: api.chat.models.text, attempt: 1 });
    expect(done.meta).toMatchObject({
      model: 'fake',
      toy: true,
      finish: 'stop',
      usage: { completionTokens: 6 },
    });
  });

  it('is finished and stored when the client has left', async () => {
    const gate = new Gate(api.chat.models, 2);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await gate.reached;
    const leaving = new AbortController();
    const url = await api.listen();
    const headers = { authorization: `Bearer ${ada}` };
    const events = await fetch(`${url}${AT}/turns/${answer.id}/events`, {
      headers,
      signal: leaving.signal,
    });
    await events.body?.getReader().read();
    leaving.abort();
    gate.release();
    await settled(api);
    expect(await turnOf(api, ada, answer.id)).toMatchObject({
      status: 'done',
      text: api.chat.models.text,
    });
  });

  it('is told as events, with usage at its end', async () => {
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await settled(api);
    const { text, headers } = await api.ask(`${AT}/turns/${answer.id}/events`, { token: ada });
    expect(headers['content-type']).toContain('text/event-stream');
    expect(text.match(/^event: .*$/gm)).toEqual(['event: status', 'event: text', 'event: done']);
    expect(text).toContain(`id: ${api.chat.models.text.length}\n`);
    expect(text).toContain('"completionTokens":6');
  });

  it('goes on when its engine is lost, from where it was', async () => {
    api.chat.models.beforeWord = async (_wish, index) => {
      if (index !== 3 || api.chat.models.wishes.length > 1) return;
      throw new EngineLost('the engine died', 'Ask again.');
    };
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    const done = await ended(api, ada, answer.id);
    expect(done).toMatchObject({ status: 'done', text: api.chat.models.text });
    expect(api.chat.models.wishes.at(-1)?.begun).toBe('the answer is');
  });

  it('fails with words for its reader when the engine stays lost', async () => {
    const { id } = await conversationOf(api, ada);
    api.chat.models.beforeWord = async (_wish, index) => {
      if (index === 1) throw new EngineLost('the engine died', 'Ask again.');
    };
    const { answer } = await say(api, ada, id);
    const done = await ended(api, ada, answer.id);
    expect(done.status).toBe('failed');
    expect(done.failure).toEqual({
      code: 'engine-lost',
      message: 'the engine died',
      help: 'Ask again.',
    });
    // The text so far stays, and the question can be asked again.
    expect(done.text.startsWith('the')).toBe(true);
  });

  it('of a model that nobody serves is refused, and nothing is said', async () => {
    const { id } = await conversationOf(api, ada);
    const { status, json } = await post(`/conversations/${id}/turns`, { text: 'x', model: 'gpt' });
    expect([status, json.type]).toEqual([404, 'urn:slipway:problem:model-unknown']);
    expect((await api.ask(`${AT}/conversations/${id}/turns`, { token: ada })).json.items).toEqual(
      [],
    );
  });
});

describe('the same message sent again', () => {
  it('says nothing twice, by id or by key, also at the same moment', async () => {
    const { id } = await conversationOf(api, ada);
    const path = `/conversations/${id}/turns`;
    const body = { id: randomUUID(), text: 'once' };
    const both = await Promise.all([post(path, body), post(path, body)]);
    const again = await post(path, body);
    const answers = [...both, again].map(({ json }) => json.answer.id);
    expect(new Set(answers).size).toBe(1);
    const key = { 'idempotency-key': 'button-1' };
    const one = await post(path, { text: 'keyed' }, ada, key);
    const other = await post(path, { text: 'keyed' }, ada, key);
    expect(other.json.question.id).toBe(one.json.question.id);
    await settled(api);
    const { json } = await api.ask(`${AT}/conversations/${id}/turns`, { token: ada });
    expect(json.items).toHaveLength(4);
    expect(api.chat.models.wishes).toHaveLength(2);
  });

  it('with other words is refused', async () => {
    const { id } = await conversationOf(api, ada);
    const path = `/conversations/${id}/turns`;
    const body = { id: randomUUID(), text: 'once' };
    await post(path, body);
    expect((await post(path, { ...body, text: 'twice' })).status).toBe(409);
    expect(
      (await post(path, { text: 'x' }, ada, { 'idempotency-key': 'k'.repeat(201) })).status,
    ).toBe(400);
  });
});

describe('a conversation as a tree', () => {
  it('follows itself, and a model is shown the path to the question', async () => {
    const { id } = await conversationOf(api, ada);
    await ended(api, ada, (await say(api, ada, id, { text: 'one' })).answer.id);
    await ended(api, ada, (await say(api, ada, id, { text: 'two' })).answer.id);
    const { prompt, conversation } = api.chat.models.wishes.at(-1) ?? {};
    expect(conversation).toBe(id);
    expect(prompt).toMatchObject({
      messages: [
        { role: 'system' },
        { role: 'user', content: 'one' },
        { role: 'assistant', content: api.chat.models.text },
        { role: 'user', content: 'two' },
      ],
    });
  });

  it('branches at any turn, edits a question and answers again beside what was', async () => {
    const { id } = await conversationOf(api, ada);
    const first = await say(api, ada, id, { text: 'one' });
    await ended(api, ada, first.answer.id);
    const second = await say(api, ada, id, { text: 'two' });
    await ended(api, ada, second.answer.id);
    const branch = await say(api, ada, id, { text: 'other', parentId: first.answer.id });
    expect(branch.question?.parentId).toBe(first.answer.id);
    await ended(api, ada, branch.answer.id);
    const edited = (await post(`/turns/${second.question?.id}/edit`, { text: 'two!' })).json;
    expect(edited.question).toMatchObject({ parentId: first.answer.id, text: 'two!' });
    await ended(api, ada, edited.answer.id);
    const again = (await post(`/turns/${first.answer.id}/regenerate`, {})).json;
    expect(again.question).toBeNull();
    expect(again.answer).toMatchObject({ parentId: first.question?.id });
    await ended(api, ada, again.answer.id);
    const fresh = await say(api, ada, id, { text: 'anew', parentId: null });
    expect(fresh.question?.parentId).toBeNull();
    await settled(api);
    expect(api.chat.models.wishes.at(-1)?.prompt).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user', content: 'anew' }],
    });
  });

  it('lets nobody edit what somebody else said, nor hang a turn into a strange tree', async () => {
    const room = await conversationOf(api, ada, 'room');
    const { question, answer } = await say(api, ada, room.id);
    expect((await post(`/turns/${question?.id}/edit`, { text: 'x' }, bob)).status).toBe(403);
    expect((await post(`/turns/${answer.id}/edit`, { text: 'x' })).status).toBe(409);
    const own = await conversationOf(api, bob);
    const stolen = { text: 'x', parentId: answer.id };
    expect((await post(`/conversations/${own.id}/turns`, stolen, bob)).status).toBe(404);
  });
});

describe('feedback', () => {
  it('is one opinion a person, on answers', async () => {
    const { id } = await conversationOf(api, ada);
    const { question, answer } = await say(api, ada, id);
    await ended(api, ada, answer.id);
    for (const thumb of ['up', 'down']) {
      const body = { thumb, comment: 'hm' };
      expect((await post(`/turns/${answer.id}/feedback`, body)).status).toBe(204);
    }
    const ratings = await api.store.chat.turns.ratings([answer.id]);
    expect(ratings).toMatchObject([{ by: 'ada', thumb: 'down', comment: 'hm' }]);
    expect((await post(`/turns/${question?.id}/feedback`, { thumb: 'up' })).status).toBe(409);
    expect((await post(`/turns/${answer.id}/feedback`, { thumb: 'up' }, bob)).status).toBe(404);
  });
});

describe('lists of turns', () => {
  it('come in pages by position, and tell what changed since', async () => {
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await ended(api, ada, answer.id);
    await settled(api);
    const path = `${AT}/conversations/${id}/turns`;
    const first = (await api.ask(`${path}?limit=1`, { token: ada })).json;
    expect(first.items).toHaveLength(1);
    const rest = (await api.ask(`${path}?cursor=${first.next}`, { token: ada })).json;
    expect(rest.items).toMatchObject([{ id: answer.id, status: 'done' }]);
    const after = rest.items[0].position;
    expect((await api.ask(`${path}?after=${after}`, { token: ada })).json.items).toEqual([]);
  });
});
