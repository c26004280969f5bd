/** Chat on the real stack, with real engines: from the toy of the first minute to a model of one's own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { slipway, Tab, toyFile } from './harness/chat.js';
import { eventually } from './harness/eventually.js';
import { E2eStack } from './harness/stack.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const NUMBERS = 'one two three four five six seven eight';

describe('chat', () => {
  let stack: E2eStack;
  let folder: string;
  let openai: OpenAI;
  beforeAll(async () => {
    stack = await E2eStack.start({ env: { SLIPWAY_CHAT_REQUESTS_PER_MINUTE: '100000' } });
    folder = await mkdtemp(join(tmpdir(), 'slipway-e2e-models-'));
    openai = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: stack.token });
  });
  afterAll(async () => {
    await stack?.end();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = async (question: string, conv_id?: string) => {
    const answer = await fetch(`${stack.url}/ask`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ question, ...(conv_id ? { conv_id } : {}) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return JSON.parse(text) as { conv_id: string; answer: string };
  };
  const complete = async (model: string) => {
    const { choices } = await openai.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'go' }],
      max_tokens: 26,
    });
    return choices[0]?.message.content ?? '';
  };

  it('answers with a toy as long as there is no model, and says so', async () => {
    const first = await ask('What is a release?');
    expect(Object.keys(first).sort()).toEqual(['answer', 'conv_id']);
    expect(first.answer).toContain('I am a toy');
    const second = await ask('And a stage?', first.conv_id);
    expect(second.conv_id).toBe(first.conv_id);
    const { items } = await stack.client.chat.conversations.turns(first.conv_id);
    expect(items.map(({ role, status }) => `${role} ${status}`)).toEqual([
      'user done',
      'assistant done',
      'user done',
      'assistant done',
    ]);
    expect(items[1]?.meta).toMatchObject({ toy: true });
    expect((await stack.client.health()).services['model']).toMatchObject({ status: 'healthy' });
  });

  it('serves a model of one’s own after two commands', async () => {
    const file = await toyFile(folder, 'alphabet');
    expect(await slipway(stack, 'models', 'pull', file, '--name', 'letters')).toContain('letters');
    await slipway(stack, 'models', 'serve', 'letters', '--as', 'house');
    expect(await slipway(stack, 'models', 'list')).toContain('house');
    expect(await complete('house')).toBe(LETTERS);
    expect((await ask('What is a release?')).answer).toBe(LETTERS);
  });

  it('speaks with clients of OpenAI as they are', async () => {
    const { data } = await openai.models.list();
    expect(data.map(({ id }) => id)).toEqual(['house']);
    const stream = await openai.chat.completions.create({
      model: 'house',
      messages: [{ role: 'user', content: 'go' }],
      stream: true,
      stop: ['k'],
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('abcdefghij');
    expect(usage?.prompt_tokens).toBeGreaterThan(0);
    const { data: vectors } = await openai.embeddings.create({ model: 'house', input: ['a', 'b'] });
    expect(vectors.map(({ embedding }) => embedding.length)).toEqual([64, 64]);
    await expect(complete('nobody')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  it('changes the model under load, and no request is lost', async () => {
    const file = await toyFile(folder, 'numbers');
    await slipway(stack, 'models', 'pull', file, '--name', 'numbers');
    const said: string[] = [];
    let isOver = false;
    const visitor = async () => {
      while (!isOver) said.push(await complete('house'));
    };
    const visitors = Promise.all([visitor(), visitor(), visitor()]);
    await eventually('the old one answers', async () => said.includes(LETTERS));
    await slipway(stack, 'models', 'serve', 'numbers', '--as', 'house');
    await eventually('the new one answers', async () => said.includes(NUMBERS));
    isOver = true;
    await visitors;
    expect(new Set(said)).toEqual(new Set([LETTERS, NUMBERS]));
  });

  it('keeps people in a room together, with an answer for everybody', async () => {
    const { id } = await stack.client.chat.conversations.create({ kind: 'room', title: 'lobby' });
    await stack.client.users.create({ login: 'bob', teams: [] });
    const bob = await stack.client.users.createToken({
      login: 'bob',
      name: 'e2e',
      scopes: ['chat'],
    });
    const [mine, his] = [
      await Tab.open(stack.url, stack.token),
      await Tab.open(stack.url, bob.token),
    ];
    for (const tab of [mine, his]) {
      tab.say({ type: 'join', conversation: id });
      await tab.hears('joined', (one) => one.type === 'joined');
    }
    await mine.hears('bob is here', (one) => {
      return one.type === 'presence' && one.users.some(({ login }) => login === 'bob');
    });
    his.say({ type: 'say', conversation: id, text: 'hello, room', ref: '1' });
    const ok = await his.hears('ok', (one) => one.type === 'ok');
    const answer = ok.type === 'ok' ? (ok.answer ?? '') : '';
    for (const tab of [mine, his]) {
      await eventually('the answer is whole', async () => tab.textOf(answer) === NUMBERS);
    }
    his.close();
    await eventually('bob has left', async () => {
      const last = mine.heard.findLast((one) => one.type === 'presence');
      return last?.type === 'presence' && last.users.every(({ login }) => login !== 'bob');
    });
    mine.close();
  });

  it('opens a ticket from a conversation, and finds it again', async () => {
    const { conv_id } = await ask('my order is lost');
    const ticket = await stack.client.tickets.open({
      channel: 'chat',
      subject: 'order lost',
      body: 'see the conversation',
      conversationId: conv_id,
    });
    const { items } = await stack.client.tickets.list({ status: 'open', channel: 'chat' });
    expect(items.map(({ id }) => id)).toEqual([ticket.id]);
  });

  it('has metrics that say what happened', async () => {
    const text = await (await fetch(`${stack.url}/metrics`)).text();
    expect(text).toMatch(/first_token_seconds_count\{[^}]*\} \d+/);
    expect(text).not.toContain(stack.token);
  });
});
