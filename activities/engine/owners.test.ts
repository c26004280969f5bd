import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChatMessage, Tool, Wish } from '../../workflows/domain/chat.js';
import { EngineStand, wishFor } from './testing.js';

// A real engine with one place: whoever asks next gets what was read for whoever asked before.

let stand: EngineStand;
beforeAll(async () => {
  stand = await EngineStand.create({ slots: 1, contextTokens: 2_048 });
  await stand.serve('alphabet', 'alphabet');
  await stand.models.follow();
});
afterAll(() => stand.remove());

/** What was said, and how many of the prompt's tokens were known. */
async function asked(owner: string | undefined, over: Partial<Wish>) {
  const wish = wishFor('alphabet', { ...over, ...(owner === undefined ? {} : { owner }) });
  const { text, done, started } = await stand.answer(wish);
  const { cachedTokens, promptTokens } = done.usage;
  expect(started?.cachedTokens).toBe(cachedTokens);
  return { text, cached: cachedTokens, tokens: promptTokens };
}

const SYSTEM: ChatMessage = { role: 'system', content: 'You are patient and brief. '.repeat(4) };
const user = (content: string): ChatMessage => ({ role: 'user', content });
const talk = (...messages: ChatMessage[]): Partial<Wish> => ({ prompt: { messages } });
const SECRET = 'Project Falcon is 8841-ZULU and the budget is 12';

describe('what was read for somebody', () => {
  it('tells nobody else how much of a plain text they guessed', async () => {
    const text = (prompt: string): Partial<Wish> => ({ prompt: { text: prompt } });
    await asked('ada', text(SECRET));
    expect((await asked('bob', text('Project Falcon is 8841-ZULU'))).cached).toBe(0);
    await asked('ada', text(SECRET));
    expect((await asked('bob', text('Project Falcon is 1234-ABCD'))).cached).toBe(0);
    const again = await asked('bob', text('Project Falcon is 1234-ABCD, says bob'));
    expect(again.cached).toBeGreaterThan(20);
  });

  it('tells nobody else how much of a question they guessed, only that they have the same instructions', async () => {
    const bare = await asked('eve', talk(SYSTEM, user('?')));
    await asked('ada', talk(SYSTEM, user(SECRET)));
    const right = await asked('bob', talk(SYSTEM, user('Project Falcon is 8841-ZULU')));
    await asked('ada', talk(SYSTEM, user(SECRET)));
    const wrong = await asked('bob', talk(SYSTEM, user('Nothing like it')));
    expect(right.cached).toBe(wrong.cached);
    expect(right.cached).toBeGreaterThan(100);
    expect(right.cached).toBeLessThan(bare.tokens);
    const own = await asked('bob', talk(SYSTEM, user('Nothing like it at all')));
    expect(own.cached).toBeGreaterThan(wrong.cached + 10);
  });

  it('tells nobody else how much of instructions they guessed', async () => {
    const told = (content: string) => talk({ role: 'system', content }, user('hello'));
    await asked('ada', told(SECRET));
    const guessed = await asked('bob', told('Project Falcon is 8841-ZULU'));
    await asked('ada', told(SECRET));
    const mistaken = await asked('bob', told('Quite another thing'));
    expect([guessed.cached, mistaken.cached]).toEqual([0, 0]);
  });

  it('tells nobody else which tools somebody has', async () => {
    const tool = (name: string): Tool => ({ name, description: SECRET });
    const having = (tools: Tool[]): Partial<Wish> => ({ ...talk(SYSTEM, user('hello')), tools });
    await asked('ada', having([tool('launch_falcon')]));
    const other = await asked('bob', having([tool('launch_eagle')]));
    await asked('ada', having([tool('launch_falcon')]));
    const same = await asked('bob', having([tool('launch_falcon')]));
    expect(other.cached).toBe(0);
    expect(same.cached).toBeGreaterThan(100);
  });

  it('is not read again for themselves: the earlier turns of a conversation', async () => {
    const first = await asked('ada', talk(SYSTEM, user('one')));
    const said: ChatMessage = { role: 'assistant', content: first.text };
    const second = await asked('ada', talk(SYSTEM, user('one'), said, user('two')));
    expect(second.cached).toBeGreaterThanOrEqual(first.tokens + 25);
    const room = talk(SYSTEM, user('ada says: hi'));
    await asked('room:1', room);
    expect((await asked('room:1', room)).cached).toBeGreaterThan(100);
  });

  it('is told to those alone who come without a name too', async () => {
    await asked(undefined, talk(user(SECRET)));
    const same = await asked(undefined, talk(user(SECRET)));
    expect(same.cached).toBe(same.tokens - 1);
    expect((await asked('bob', talk(user(SECRET)))).cached).toBeLessThan(SECRET.length / 2);
  });
});
