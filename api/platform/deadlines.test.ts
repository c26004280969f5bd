import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Gate, obey, settled } from '../chat/testing/talk.js';
import { DEADLINES } from './deadlines.js';
import { startTestApi, type TestApi } from './testing/api.js';

// Two deadlines: what we look up is there soon or never, what a model makes takes its time.

const SHORT_MS = 50;
const deadlines = { ...DEADLINES };
let api: TestApi;
let ada: string;
beforeAll(async () => {
  api = await startTestApi({ deadlines });
  ada = await api.tokenOf('ada', ['chat', 'read']);
});
afterEach(() => {
  Object.assign(deadlines, DEADLINES);
  obey(api.chat);
});
afterAll(() => api.close());

/** Resolves when the deadline of what we look up has passed for all that was asked before. */
async function answersAreLate(): Promise<void> {
  const { runs } = api.store;
  const { list } = runs;
  runs.list = () => new Promise(() => {});
  const { status, json } = await api.ask('/api/v1/runs', { token: ada });
  runs.list = list;
  expect([status, json.type]).toEqual([503, 'urn:slipway:problem:no-answer']);
}

describe.each([
  ['/ask', 'question', {}],
  ['/api/v1/assistant', 'text', {}],
  ['/v1/completions', 'prompt', { model: 'fake' }],
])('an answer of %s', (path, field, more) => {
  /** Nobody asked that before: the answer is made. */
  const asking = () => {
    const body = { ...more, [field]: `what is ${randomUUID()}?` };
    return api.ask(path, { method: 'POST', token: ada, body });
  };

  it('takes longer than others may', async () => {
    deadlines.answerMs = SHORT_MS;
    const gate = new Gate(api.chat.models, 1);
    const answer = asking();
    await gate.reached;
    await answersAreLate();
    gate.release();
    expect((await answer).status).toBe(200);
  });

  it('takes no longer than ten minutes, and then says so', async () => {
    expect(DEADLINES.madeMs).toBe(600_000);
    deadlines.madeMs = SHORT_MS;
    const gate = new Gate(api.chat.models, 1);
    const { status, json } = await asking();
    expect([status, JSON.stringify(json)]).toEqual([503, expect.stringContaining('within 0.05 s')]);
    gate.release();
    await settled(api);
  });
});

it('says where the answer to a question is kept that comes too late', async () => {
  deadlines.madeMs = SHORT_MS;
  const gate = new Gate(api.chat.models, 1);
  const body = { question: 'what is kept?' };
  const { json } = await api.ask('/ask', { method: 'POST', token: ada, body });
  expect(json.help).toContain('your newest conversation');
  await gate.reached;
  gate.release();
  await settled(api);
  const { items } = (await api.ask('/api/v1/chat/conversations', { token: ada })).json;
  const turns = await api.ask(`/api/v1/chat/conversations/${items[0].id}/turns`, { token: ada });
  expect(turns.json.items).toMatchObject([
    { role: 'user', text: body.question },
    { role: 'assistant', status: 'done', text: api.chat.models.text },
  ]);
});
