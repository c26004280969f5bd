/** Processes of chat die while it answers: nothing is lost, nothing is said twice. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { textAfter } from '../client/client.js';
import { Random } from './crash/random.js';
import { enginesOf, type Replica, secondReplica, slipway, toyFile } from './harness/chat.js';
import { eventually } from './harness/eventually.js';
import { E2eStack } from './harness/stack.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Long enough that a kill comes in the middle, and within the context. */
const LONG = 4_000;
/** Not over before a busy machine has killed or stopped what makes it. At most half of the context. */
const LONGER = 7_500;
const WHOLE = LETTERS.repeat(Math.ceil(LONGER / 26)).slice(0, LONGER);
/** Of what takes longer on a busy machine. Milliseconds. */
const LIMIT_MS = 180_000;
/** Tokens that a process had made and not told anybody count as made. */
const MOST_UNTOLD = 400;
/** Another one kills in another order. */
const SEED = 'twelve answers';

describe('chat, killed', () => {
  let stack: E2eStack;
  let folder: string;
  let other: Replica | undefined;
  beforeAll(async () => {
    stack = await E2eStack.start({
      env: { SLIPWAY_CHAT_CONTEXT: '16384', SLIPWAY_CHAT_TOKENS_PER_MINUTE: '10000000' },
    });
    folder = await mkdtemp(join(tmpdir(), 'slipway-e2e-models-'));
    const file = await toyFile(folder, 'endless');
    await slipway(stack, 'models', 'pull', file, '--name', 'endless');
    await slipway(stack, 'models', 'serve', 'endless', '--as', 'house');
  });
  afterAll(async () => {
    await other?.stop();
    await stack?.end();
    await rm(folder, { recursive: true, force: true });
  });

  const begin = async (maxTokens = LONG) => {
    const { id } = await stack.client.chat.conversations.create({ title: 'long' });
    const sampling = { maxTokens };
    const said = await stack.client.chat.conversations.say(id, { text: 'go', sampling });
    return said.answer.id;
  };
  /** Letters of all answers; a process that is away says nothing. */
  const said = async (conversation: string): Promise<number> => {
    const { items } = await stack.client.chat.conversations.turns(conversation);
    return items.reduce((sum, { role, text }) => sum + (role === 'user' ? 0 : text.length), 0);
  };
  const areDone = async (conversation: string): Promise<boolean> => {
    const { items } = await stack.client.chat.conversations.turns(conversation);
    return items.every(({ status }) => status === 'done');
  };
  /** Reads over every break, as a browser does. */
  const read = async ({ client }: Pick<E2eStack, 'client'>, id: string, seen: { text: string }) => {
    for await (const event of client.chat.turns.events(id)) seen.text = textAfter(seen.text, event);
  };

  it('the engine: another one goes on with the answer', async () => {
    const id = await begin();
    const seen = { text: '' };
    const reading = read(stack, id, seen);
    await eventually('it speaks', async () => seen.text.length > 200);
    const [engine] = await enginesOf(stack);
    process.kill(engine ?? 0, 'SIGKILL');
    await reading;
    const turn = await stack.client.chat.turns.get(id);
    expect(turn.status).toBe('done');
    expect(isWhole(turn.text)).toBe(true);
    expect(seen.text).toBe(turn.text);
    expect((await stack.client.health()).status).not.toBe('unhealthy');
  });

  it('the API: another replica goes on, and readers of both have every letter once', async () => {
    other = await secondReplica(stack);
    const id = await begin(LONGER);
    const [here, there] = [{ text: '' }, { text: '' }];
    const reading = [read(stack, id, here), read(other, id, there)];
    await eventually('both hear it', async () => here.text.length > 200 && there.text.length > 200);
    await stack.kill('api');
    await Promise.all(reading);
    const turn = await other.client.chat.turns.get(id);
    expect(turn).toMatchObject({ status: 'done', attempt: 2 });
    expect(isWhole(turn.text, LONGER)).toBe(true);
    expect(here.text).toBe(turn.text);
    expect(there.text).toBe(turn.text);
  });

  it('nobody listens: the answer is finished and stored', async () => {
    await eventually('the API is back', () => stack.client.health().then(() => true));
    const id = await begin();
    await eventually('it is done', async () => {
      return (await stack.client.chat.turns.get(id)).status === 'done';
    });
    expect((await stack.client.chat.turns.get(id)).text).toBe(WHOLE.slice(0, LONG));
  });

  it('twelve answers, and kills of everything in a seeded order: each answer is whole, and there is one', async () => {
    const random = new Random(SEED);
    const { id } = await stack.client.chat.conversations.create({ title: 'twelve' });
    const questions = Array.from({ length: 12 }, () => randomUUID());
    const say = (question: string) => {
      const wish = { id: question, text: 'go', parentId: null, sampling: { maxTokens: LONG } };
      return stack.client.chat.conversations.say(id, wish);
    };
    for (const question of questions) await say(question);
    const victims = random.shuffled(['engine', 'api', 'postgres', 'engine', 'postgres', 'api']);
    for (const victim of victims) {
      const before = await eventually('the record answers', () => said(id));
      await eventually(
        'they go on',
        async () => (await said(id)) > before + 200 || (await areDone(id)),
        LIMIT_MS,
      );
      if (victim !== 'engine') await stack.kill(victim);
      else for (const pid of await enginesOf(stack)) process.kill(pid, 'SIGKILL');
    }
    // Whoever does not know whether it was heard says it again: that is nothing new.
    for (const question of questions) await eventually('it is heard', () => say(question));
    const turns = await eventually(
      'all have ended',
      async () => {
        const { items } = await stack.client.chat.conversations.turns(id);
        return (await areDone(id)) && items;
      },
      LIMIT_MS,
    );
    for (const question of questions) {
      const answers = turns.filter(({ parentId }) => parentId === question);
      expect(answers.map(({ text }) => [wrongAt(text), isWhole(text)])).toEqual([
        [undefined, true],
      ]);
    }
  }, 400_000);

  it('a stop is heard on the other replica, in the middle of the answer', async () => {
    await eventually('the API is back', () => stack.client.health().then(() => true));
    const id = await begin(LONGER);
    await eventually('it speaks', async () => (await stack.client.chat.turns.get(id)).text !== '');
    await other?.client.chat.turns.cancel(id);
    const turn = await eventually('it has ended', async () => {
      const now = await stack.client.chat.turns.get(id);
      return now.status === 'cancelled' && now;
    });
    expect(turn.text.length).toBeLessThan(LONGER);
    expect(WHOLE.startsWith(turn.text)).toBe(true);
  });
});

/** Every letter once, in order, up to the end. */
function isWhole(text: string, tokens = LONG): boolean {
  return WHOLE.slice(0, tokens).startsWith(text) && text.length >= tokens - MOST_UNTOLD;
}

/** The place of the first letter that is not the one that follows; undefined when all are right. */
function wrongAt(text: string): number | undefined {
  const found = Array.from(text).findIndex((letter, index) => letter !== LETTERS[index % 26]);
  return found < 0 ? undefined : found;
}
