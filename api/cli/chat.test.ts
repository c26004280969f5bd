import { describe, expect, it } from '@jest/globals';
import type { Conversation, Turn } from '../client/wire.js';
import { told as slipway } from './testing/answers.js';

const at = '2026-01-02T03:04:05.000Z';
const ROOM = '6f1de2a5-7b19-4a1e-9a64-0a6b0c1f8d11';
const ANSWER = '0d9b7f43-52a8-4f0d-8f7e-3a1f2b6c4e55';

const conversation: Conversation = {
  ...{ id: ROOM, kind: 'private', owner: 'ada', title: 'what is it', retention: 'default' },
  ...{ position: 0, createdAt: at, updatedAt: at },
};
const turn = (over: Partial<Turn> = {}): Turn => ({
  ...{ id: ANSWER, conversationId: ROOM, parentId: null, role: 'assistant', by: 'ada' },
  ...{ status: 'done', text: 'A release.', position: 2, attempt: 1, meta: {}, failure: null },
  ...{ createdAt: at, finishedAt: at },
  ...over,
});
const said = { question: null, answer: turn({ status: 'queued', text: '' }) };
const events = (text: string) => {
  const done = { status: 'done', chars: text.length, usage: null, meta: {}, failure: null };
  return new Response(
    `event: text\nid: ${text.length}\ndata: ${JSON.stringify({ from: 0, text })}\n\n` +
      `event: done\nid: ${text.length}\ndata: ${JSON.stringify(done)}\n\n`,
    { headers: { 'content-type': 'text/event-stream' } },
  );
};

describe('slipway chat', () => {
  it('asks in a conversation of its own, prints the answer, and says how to go on', async () => {
    const { code, out, heard } = await slipway('chat what is it', [
      conversation,
      said,
      events('A release.'),
      turn(),
    ]);
    expect(code).toBe(0);
    expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/chat/conversations',
      `POST /api/v1/chat/conversations/${ROOM}/turns`,
      `GET /api/v1/chat/turns/${ANSWER}/events`,
      `GET /api/v1/chat/turns/${ANSWER}`,
    ]);
    expect(heard[1]?.body).toEqual({ id: expect.any(String), text: 'what is it' });
    expect(out).toBe(`A release.\n\ngo on: slipway chat --conversation ${ROOM} "…"`);
  });

  it('goes on with a conversation, with the model that was named', async () => {
    const { heard } = await slipway(`chat --conversation ${ROOM} --model small and then`, [
      said,
      events('A release.'),
      turn(),
    ]);
    expect(heard[0]).toMatchObject({
      path: `/api/v1/chat/conversations/${ROOM}/turns`,
      body: { text: 'and then', model: 'small' },
    });
  });

  it('lets no answer steer the terminal', async () => {
    const text = 'before\u001b[2Jafter';
    const { out } = await slipway('chat hello', [conversation, said, events(text), turn({ text })]);
    expect(out).not.toContain('\u001b[2J');
  });

  it('says that a toy answered, and how to get a model', async () => {
    const meta = { toy: true, hint: 'This is a toy model.' };
    const { out } = await slipway('chat hello', [
      conversation,
      said,
      events('A release.'),
      turn({ meta }),
    ]);
    expect(out).toContain('(This is a toy model.)');
  });

  it('says why there is no answer, and what to do', async () => {
    const failure = { code: 'engine-lost', message: 'the engine died', help: 'Ask again.' };
    const failed = turn({ status: 'failed', text: '', failure });
    const { code, out } = await slipway('chat hello', [conversation, said, events(''), failed]);
    expect([code, out]).toEqual([
      3,
      expect.stringContaining('no answer: the engine died\nAsk again.'),
    ]);
  });

  it('prints the turn as it is with --json', async () => {
    const { out } = await slipway('chat --json hello', [
      conversation,
      said,
      events('A release.'),
      turn(),
    ]);
    expect(JSON.parse(out)).toEqual(turn());
  });

  it('wants a question', async () => {
    expect((await slipway('chat', [])).code).toBe(2);
  });
});
