import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EngineLost } from '../../activities/platform/model-errors.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { secondApi } from './testing/second.js';
import { conversationOf, Gate, hurry, obey, say, settled, turnOf } from './testing/talk.js';
import { Turns } from './turns.js';

// An answer while PostgreSQL is slow or away: it is kept, told to its readers here, and stored later.

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  hurry(api);
});
afterAll(() => api.close());

describe('while PostgreSQL is slow or away', () => {
  const passes = () => new Promise((resolve) => setImmediate(resolve));

  it('an answer that loses its engine while its text is on its way into the record goes on', async () => {
    const cleo = await api.tokenOf('cleo', ['chat']);
    const { promise: arrived, resolve: arrives } = Promise.withResolvers<void>();
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const { turns } = api.store.chat;
    const { append } = turns;
    turns.append = async (...of) => {
      const isStored = await append(...of);
      if (of[3] === '') return isStored;
      arrives();
      await told;
      return isStored;
    };
    api.chat.models.beforeWord = async (wish, index) => {
      if (index < 2 || wish.begun !== undefined) return;
      await arrived;
      throw new EngineLost('it died', 'Ask again.');
    };
    const { id } = await conversationOf(api, cleo);
    const { answer } = await say(api, cleo, id);
    await settled(api);
    tell();
    expect(await turnOf(api, cleo, answer.id)).toMatchObject({
      status: 'done',
      text: api.chat.models.text,
    });
    turns.append = append;
    obey(api.chat);
  });

  it('an answer goes on, and is stored when PostgreSQL is back', async () => {
    const ada = await api.tokenOf('ada', ['chat']);
    const gate = new Gate(api.chat.models, 2);
    const { id } = await conversationOf(api, ada);
    const { answer } = await say(api, ada, id);
    await gate.reached;
    await api.postgres.halt();
    gate.release();
    const { runner } = api.app.get(Turns, { strict: false });
    while (!runner.live(answer.id)?.end) await passes();
    expect(runner.live(answer.id)?.text).toBe(api.chat.models.text);
    await api.postgres.resume();
    await settled(api);
    expect(await turnOf(api, ada, answer.id)).toMatchObject({
      status: 'done',
      text: api.chat.models.text,
      attempt: 1,
    });
  });

  it('an answer that was taken over and loses its engine waits for PostgreSQL, and goes on', async () => {
    const bob = await api.tokenOf('bob', ['chat']);
    const dying = await secondApi(api);
    const before = new Gate(dying.chat.models, 1);
    const { id } = await conversationOf(api, bob);
    const { answer } = await say(dying, bob, id);
    await before.reached;
    const gate = new Gate(api.chat.models, 2);
    await dying.die();
    await gate.reached;
    const { turns } = api.store.chat;
    const { path } = turns;
    let refusals = 0;
    turns.path = (turn) =>
      path(turn).catch((error: unknown) => {
        refusals++;
        throw error;
      });
    await api.postgres.halt();
    api.chat.models.trouble = new EngineLost('it died', 'Ask again.');
    gate.release();
    while (refusals === 0) await passes();
    api.chat.models.trouble = undefined;
    await api.postgres.resume();
    await settled(api);
    expect(await turnOf(api, bob, answer.id)).toMatchObject({
      status: 'done',
      text: api.chat.models.text,
      attempt: 2,
    });
    before.release();
    await dying.close();
  });
});
