import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { conversationOf, Gate, hurry, say, settled, turnOf } from './testing/talk.js';
import { Turns } from './turns.js';

// An answer while PostgreSQL is away: it is kept, told to its readers here, and stored later.

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  hurry(api);
});
afterAll(() => api.close());

describe('while PostgreSQL is away', () => {
  it('an answer goes on, and is stored when PostgreSQL is back', async () => {
    const ada = await api.tokenOf('ada', ['chat']);
    const gate = new Gate(api.chat.models, 2);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await gate.reached;
    await api.postgres.halt();
    gate.release();
    const { runner } = api.app.get(Turns, { strict: false });
    while (!runner.live(answer.id)?.end) await new Promise((resolve) => setImmediate(resolve));
    expect(runner.live(answer.id)?.text).toBe(api.chat.models.text);
    await api.postgres.resume();
    await settled(api);
    expect(await turnOf(api, ada, answer.id)).toMatchObject({
      status: 'done',
      text: api.chat.models.text,
      attempt: 1,
    });
  });
});
