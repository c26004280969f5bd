import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../platform/testing/api.js';
import { conversationIdOf } from './ask.names.js';
import { startTalk } from './testing/talk.js';

let api: TestApi;
let ada: string;
let bob: string;
beforeAll(async () => {
  ({ api, ada, bob } = await startTalk());
});
afterAll(() => api.close());

const ask = async (body: object, token = ada) => {
  const { status, json, headers } = await api.ask('/ask', { method: 'POST', token, body });
  expect([status, Object.keys(json).sort()]).toEqual([200, ['answer', 'conv_id']]);
  const { conversation } = JSON.parse(String(headers['x-slipway-meta'])) as {
    conversation: string;
  };
  return { conv_id: json.conv_id as string, conversation };
};
const questionsOf = async (id: string, token = ada): Promise<string[]> => {
  const { json } = await api.ask(`/api/v1/chat/conversations/${id}/turns`, { token });
  const items = json.items as { role: string; text: string }[];
  return items.filter(({ role }) => role === 'user').map(({ text }) => text);
};

describe('a conversation of /ask', () => {
  it.each(['abc123', 'session 7/é☕', '../etc', 'half \ud83d', 'x'.repeat(200), '0'])(
    'goes on by the name that it was given: %j',
    async (conv_id) => {
      const first = await ask({ question: 'one', conv_id });
      const second = await ask({ question: 'two', conv_id });
      expect([first.conv_id, second.conv_id]).toEqual([conv_id, conv_id]);
      expect(second.conversation).toBe(first.conversation);
      expect(await questionsOf(first.conversation)).toEqual(['one', 'two']);
    },
  );

  it('is each person’s own, though others give theirs the same name', async () => {
    const hers = await ask({ question: 'hers', conv_id: 'support' });
    const his = await ask({ question: 'his', conv_id: 'support' }, bob);
    expect(his.conversation).not.toBe(hers.conversation);
    expect(await questionsOf(hers.conversation)).toEqual(['hers']);
    expect(await questionsOf(his.conversation, bob)).toEqual(['his']);
    const taken = { question: 'x', conv_id: hers.conversation };
    expect((await api.ask('/ask', { method: 'POST', token: bob, body: taken })).status).toBe(404);
  });

  it('is one where several questions begin it at the same moment', async () => {
    const all = ['one', 'two', 'three'].map((question) => ask({ question, conv_id: 'at once' }));
    const asked = await Promise.all(all);
    expect(new Set(asked.map(({ conversation }) => conversation)).size).toBe(1);
    const [first] = asked;
    const questions = await questionsOf(first?.conversation ?? '');
    expect(questions.sort()).toEqual(['one', 'three', 'two']);
  });

  it('is itself where its name is a UUID', async () => {
    const conv_id = randomUUID();
    expect(await ask({ question: 'one', conv_id })).toEqual({ conv_id, conversation: conv_id });
    expect(conversationIdOf(conv_id, 'bob')).toBe(conv_id);
  });

  it('is a new one where its name is empty, null or left out', async () => {
    const all = [{ conv_id: '' }, { conv_id: null }, {}];
    const asked = await Promise.all(all.map((name) => ask({ question: 'one', ...name })));
    for (const { conv_id, conversation } of asked) expect(conv_id).toBe(conversation);
    expect(new Set(asked.map(({ conv_id }) => conv_id)).size).toBe(3);
  });

  it('has the same UUID of version 8 wherever it is asked for', () => {
    const id = conversationIdOf('abc123', 'ada');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(conversationIdOf('abc123', 'ada')).toBe(id);
  });

  it('is described with names of any kind', async () => {
    const { json } = await api.ask('/docs-json', { token: '' });
    const { schema } = json.paths['/ask'].post.requestBody.content['application/json'];
    expect(schema.required).toEqual(['question']);
    expect(schema.properties.conv_id).toEqual({ type: 'string', maxLength: 200, nullable: true });
  });
});
