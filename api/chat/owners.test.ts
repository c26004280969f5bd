import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../platform/testing/api.js';
import { conversationOf, ended, say, startTalk } from './testing/talk.js';

// Engines remember what they read: every wish says who may learn of it.

let api: TestApi;
let ada: string;
let bob: string;
beforeAll(async () => {
  ({ api, ada, bob } = await startTalk(['chat', 'read']));
});
afterAll(() => api.close());

const lastOwner = () => api.chat.models.wishes.at(-1)?.owner;
const post = (path: string, token: string, body: object) =>
  api.ask(path, { method: 'POST', token, body });
async function turn(conversation: string, token: string): Promise<void> {
  await ended(api, token, (await say(api, token, conversation)).answer.id);
}

describe('what a model reads', () => {
  it('is its asker’s own, by whichever door they came', async () => {
    for (const [login, token] of [
      ['ada', ada],
      ['bob', bob],
    ] as const) {
      const said = { messages: [{ role: 'user', content: 'x' }], model: 'fake' };
      for (const [path, body] of [
        ['/ask', { question: `by ${login}` }],
        ['/v1/chat/completions', { ...said, user: 'somebody else', owner: 'somebody else' }],
        ['/v1/completions', { prompt: 'x', model: 'fake' }],
        ['/api/v1/assistant', { text: 'hello' }],
      ] as const) {
        expect([path, (await post(path, token, body)).status]).toEqual([path, 200]);
        expect([path, lastOwner()]).toEqual([path, login]);
      }
      await turn((await conversationOf(api, token)).id, token);
      expect(lastOwner()).toBe(login);
    }
  });

  it('is everybody’s who reads the room that it was said in', async () => {
    const { id } = await conversationOf(api, ada, 'room');
    for (const token of [ada, bob]) {
      await turn(id, token);
      expect(lastOwner()).toBe(`room:${id}`);
    }
  });
});
