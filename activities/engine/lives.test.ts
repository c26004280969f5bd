import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Piece } from '../../workflows/domain/chat.js';
import { BadModelFile, EngineLost, ModelNotReady } from '../platform/model-errors.js';
import { DeviceMissing } from './engine.errors.js';
import { EngineStand, NARROW, type StandOptions, wishFor } from './testing.js';
import { TOY_TEXT } from './toy/product.js';
import { abortingToy, chainToy } from './toy/toy.js';

// What becomes of requests when engines die, hang, grow, or are followed by others.

const ENDLESS_TEMPLATE = ['a', 'b', 'c']
  .map((name) => `{% for ${name} in range(100000) %}`)
  .concat(['x', ...Array(3).fill('{% endfor %}')])
  .join('');
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
let stand: EngineStand;
afterEach(() => stand.remove());

async function serving(options: StandOptions = {}): Promise<EngineStand> {
  stand = await EngineStand.create(options);
  await stand.serve('chat', 'cyclic');
  await stand.models.follow();
  return stand;
}

function pidOf(name = 'chat'): number {
  const pid = stand.models.pidOf(name);
  if (pid === undefined) throw new Error(`"${name}" has no engine`);
  return pid;
}

/** Resolves when `probe` holds; the limit of the test ends it otherwise. */
async function until(probe: () => boolean): Promise<void> {
  while (!probe()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const state = () => stand.models.engines()[0];

describe('an engine that is killed', () => {
  it('ends an answer that has spoken with a typed error, and is followed by a new one', async () => {
    await serving();
    const heard: Piece[] = [];
    const answer = (async () => {
      for await (const piece of stand.generate(wishFor('chat'))) {
        heard.push(piece);
        if (heard.length === 3) process.kill(pidOf(), 'SIGKILL');
      }
    })();
    await expect(answer).rejects.toThrow(EngineLost);
    const after = await stand.answer(wishFor('chat', { sampling: { maxTokens: 3 } }));
    expect(after.text).toBe('abc');
    expect(state()).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('costs an answer that has not spoken yet nothing but time', async () => {
    await serving({ contextTokens: 8_192 });
    const content = 'x'.repeat(8_000);
    const wish = wishFor('chat', {
      prompt: { messages: [{ role: 'user', content }] },
      sampling: { maxTokens: 5 },
    });
    const kinds: string[] = [];
    for await (const piece of stand.generate(wish)) {
      kinds.push(piece.kind);
      if (piece.kind === 'started') process.kill(pidOf(), 'SIGKILL');
    }
    expect(kinds.filter((kind) => kind === 'started')).toHaveLength(1);
    expect(kinds.at(-1)).toBe('done');
  });

  it('may be one that hangs: it says nothing to a heartbeat, and is replaced', async () => {
    await serving({ limits: { heartbeatMs: 50, silenceMs: 400 } });
    const first = pidOf();
    process.kill(first, 'SIGSTOP');
    await until(() => stand.models.pidOf('chat') !== first && state()?.state === 'ready');
    const { text } = await stand.answer(wishFor('chat', { sampling: { maxTokens: 2 } }));
    expect(text).toBe('ab');
  });

  it('is not one that is merely busy: with every place taken it goes on for as long as it works', async () => {
    await serving({
      slots: 2,
      contextTokens: 8_192,
      limits: { heartbeatMs: 20, silenceMs: 4_000 },
    });
    const stop = new AbortController();
    const running = [1, 2].map(() => stand.answer(wishFor('chat'), stop.signal));
    const first = pidOf();
    let beats = 0;
    await until(() => state()?.heartbeatMs !== undefined && ++beats > 20);
    stop.abort();
    await Promise.all(running);
    expect(pidOf()).toBe(first);
    expect(state()).toMatchObject({ state: 'ready', restarts: 0 });
  });
});

describe('one of two under a name that dies again and again', () => {
  it.each([
    ['challenger', 'champion'],
    ['champion', 'challenger'],
  ] as const)('is the %s: the %s answers for it, and says so', async (dead, other) => {
    stand = await EngineStand.create();
    await stand.serve('chat', 'alphabet');
    await stand.serve('chat', 'digits', { slot: 'challenger', share: 50 });
    await stand.models.follow();
    expect(stand.models.load('chat').slots).toBe(8);
    const stateOf = (slot: string) =>
      stand.models.engines().find(({ serves }) => serves.some((one) => one.slot === slot))?.state;
    while (stateOf(dead) !== 'failed') {
      const pid = stand.models.pidOf('chat', dead);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await until(() => stand.models.pidOf('chat', dead) !== pid || stateOf(dead) === 'failed');
    }
    for (let n = 0; n < 12; n++) {
      const { started, text } = await stand.answer(wishFor('chat', { conversation: `talk ${n}` }));
      expect(started?.by?.slot).toBe(other);
      expect(text).toBe(other === 'champion' ? ALPHABET : '0123456789');
    }
    expect(stateOf(other)).toBe('ready');
    expect(stand.models.served()).toMatchObject([{ name: 'chat', state: 'ready' }]);
    expect(stand.models.load('chat').slots).toBe(4);
    expect(await stand.models.count(wishFor('chat'))).toBeGreaterThan(0);
    // The next look at the record brings it back.
    await stand.models.follow();
    expect(stateOf(dead)).toBe('ready');
    expect(stand.models.load('chat').slots).toBe(8);
  });
});

describe('a file that is no model', () => {
  it('is refused by its header before any engine sees it', async () => {
    await serving();
    const { path, digest } = await stand.write(abortingToy());
    await stand.serve('chat', 'alphabet', { path, digest });
    await expect(stand.models.follow()).rejects.toThrow(BadModelFile);
    const { text } = await stand.answer(wishFor('chat', { sampling: { maxTokens: 2 } }));
    expect(text).toBe('ab');
    expect(stand.models.served()).toMatchObject([
      { state: 'ready', reason: expect.stringContaining('head_count') },
    ]);
  });

  it('may also be one that is not there', async () => {
    await serving();
    await stand.serve('other', 'alphabet', {
      path: '/nowhere/at/all.gguf',
      digest: 'sha256:other',
    });
    await expect(stand.models.follow()).rejects.toThrow('not on this machine');
    expect(stand.models.served().map((each) => each.state)).toEqual(['ready', 'failed']);
    await stand.serve('other', 'digits');
    await stand.models.follow();
    expect((await stand.answer(wishFor('other'))).text).toBe('0123456789');
  });

  it('is one whose chat template does not end; what is served meanwhile goes on', async () => {
    await serving({ limits: { templateMs: 500 } });
    const { path, digest } = await stand.write(
      chainToy({ says: ['a'], template: ENDLESS_TEMPLATE }),
    );
    await stand.serve('other', 'alphabet', { path, digest });
    const following = stand.models.follow();
    const { text } = await stand.answer(wishFor('chat', { sampling: { maxTokens: 2 } }));
    expect(text).toBe('ab');
    await expect(following).rejects.toThrow('chat template did not end within');
    await expect(following).rejects.toThrow(BadModelFile);
  });

  it('is known by its name before it has loaded', async () => {
    stand = await EngineStand.create({ limits: { templateMs: 500 } });
    const { path, digest } = await stand.write(
      chainToy({ says: ['a'], template: ENDLESS_TEMPLATE }),
    );
    await stand.serve('chat', 'alphabet', { path, digest });
    const following = stand.models.follow();
    await stand.models.looked();
    expect(stand.models.served()).toMatchObject([{ name: 'chat', state: 'loading' }]);
    await expect(following).rejects.toThrow(BadModelFile);
  });

  it('that loads for ever is given up as soon as nobody wants it any more', async () => {
    await serving();
    const { path, digest } = await stand.write(
      chainToy({ says: ['a'], template: ENDLESS_TEMPLATE }),
    );
    const before = stand.servings;
    await stand.serve('other', 'alphabet', { path, digest });
    const following = stand.models.follow();
    await until(() => stand.models.engines().some((engine) => engine.state === 'starting'));
    stand.servings = before;
    const next = stand.models.follow();
    await expect(following).rejects.toThrow();
    await next;
    expect(stand.models.engines()).toMatchObject([{ model: 'chat', state: 'ready' }]);
  });

  it('ends nothing but its own engine when it is cut off or its numbers are wrong', async () => {
    await serving();
    const good = await readFile(stand.servings[0]?.path ?? '');
    // A width that is no multiple of the heads' makes llama.cpp refuse, or abort.
    const at = good.indexOf('llama.attention.head_count') + 'llama.attention.head_count'.length + 4;
    good.writeUInt32LE(7, at);
    const { path, digest } = await stand.write(good);
    await stand.serve('other', 'alphabet', { path, digest });
    await expect(stand.models.follow()).rejects.toThrow();
    await expect(stand.answer(wishFor('other'))).rejects.toThrow(ModelNotReady);
    const { text } = await stand.answer(wishFor('chat', { sampling: { maxTokens: 2 } }));
    expect(text).toBe('ab');
    expect(stand.models.served().map((each) => each.state)).toEqual(['ready', 'failed']);
  });
});

describe('a model that follows another', () => {
  it('takes over between two requests: none fails, and those in flight end as they began', async () => {
    await serving({ contextTokens: 256 });
    const texts: string[] = [];
    let isOver = false;
    const asker = async () => {
      while (!isOver)
        texts.push((await stand.answer(wishFor('chat', { sampling: { maxTokens: 40 } }))).text);
    };
    const askers = [asker(), asker(), asker()];
    for (const toy of ['endlessDigits', 'cyclic', 'endlessDigits'] as const) {
      await stand.serve('chat', toy);
      await stand.models.follow();
      const { text } = await stand.answer(wishFor('chat', { sampling: { maxTokens: 3 } }));
      expect(text).toBe(toy === 'cyclic' ? 'abc' : '012');
    }
    isOver = true;
    await Promise.all(askers);
    expect(texts.length).toBeGreaterThan(5);
    for (const text of texts) expect(text).toMatch(/^(?:[a-z]{40}|[0-9]{40})$/);
    expect(stand.models.engines()).toHaveLength(1);
  });

  it('may be its challenger: the same weights with an adapter, for a share of the conversations', async () => {
    stand = await EngineStand.create();
    await stand.serve('chat', 'alphabet');
    await stand.serve('chat', 'alphabet', { slot: 'challenger', adapter: 'fromM', share: 50 });
    await stand.models.follow();
    expect(stand.models.engines()).toHaveLength(1);
    const bySlot = { champion: ALPHABET, challenger: ALPHABET.slice(12) };
    const seen = new Set<string>();
    for (let n = 0; n < 24; n++) {
      const conversation = `conversation ${n}`;
      const { text, started } = await stand.answer(wishFor('chat', { conversation }));
      const slot = started?.by?.slot ?? 'champion';
      expect(text).toBe(bySlot[slot]);
      seen.add(slot);
      expect((await stand.answer(wishFor('chat', { conversation }))).text).toBe(text);
    }
    expect([...seen].toSorted()).toEqual(['challenger', 'champion']);

    await stand.serve('chat', 'alphabet', { adapter: 'fromM' });
    stand.servings = stand.servings.filter(({ slot }) => slot === 'champion');
    const pid = pidOf();
    await stand.models.follow();
    expect(await stand.answer(wishFor('chat'))).toMatchObject({
      text: ALPHABET.slice(12),
      started: { by: { slot: 'champion' } },
    });
    expect(pidOf()).toBe(pid);
  });

  it('is itself when it holds too much memory: a new process takes over, and no request notices', async () => {
    await serving({ limits: { heartbeatMs: 50, memoryBytes: 1 } });
    const first = pidOf();
    const asked = Array.from({ length: 6 }, () =>
      stand.answer(wishFor('chat', { sampling: { maxTokens: 200 } })),
    );
    await until(() => pidOf() !== first);
    for (const { text } of await Promise.all(asked)) expect(text).toHaveLength(200);
    expect(state()?.memoryBytes).toBeGreaterThan(1_000_000);
  });
});

describe('a model that does not fit beside the one that it follows', () => {
  it('is loaded in its place: requests are held meanwhile, and none fails', async () => {
    stand = await EngineStand.create({ program: NARROW });
    await stand.serve('chat', 'cyclic');
    await stand.models.follow();
    const running = stand.answer(wishFor('chat', { sampling: { maxTokens: 60 } }));
    await stand.serve('chat', 'endlessDigits');
    const followed = stand.models.follow();
    const texts: string[] = [];
    let isOver = false;
    const asker = (async () => {
      while (!isOver) {
        texts.push((await stand.answer(wishFor('chat', { sampling: { maxTokens: 9 } }))).text);
      }
    })();
    await followed;
    isOver = true;
    await asker;
    expect((await running).text).toHaveLength(60);
    for (const text of texts) expect(['abcdefghi', '012345678']).toContain(text);
    const { text } = await stand.answer(wishFor('chat', { sampling: { maxTokens: 3 } }));
    expect(text).toBe('012');
  });

  it('comes to nothing where it is no model: what served before serves again', async () => {
    stand = await EngineStand.create({ program: NARROW });
    await stand.serve('chat', 'alphabet');
    await stand.models.follow();
    const good = await readFile(stand.servings[0]?.path ?? '');
    const { path, digest } = await stand.write(good.subarray(0, good.length - 64));
    await stand.serve('chat', 'alphabet', { path, digest });
    await expect(stand.models.follow()).rejects.toThrow(BadModelFile);
    expect((await stand.answer(wishFor('chat'))).text).toBe(ALPHABET);
  });
});

describe('without a model', () => {
  it('a toy answers, which says that it is one, and is started by its first request', async () => {
    stand = await EngineStand.create();
    await stand.models.follow();
    expect(stand.models.served()).toMatchObject([{ name: 'toy', isToy: true, state: 'ready' }]);
    expect(state()).toMatchObject({ state: 'absent', memoryBytes: undefined });
    const { text } = await stand.answer(wishFor('toy'));
    expect(text).toBe(TOY_TEXT);
    expect(text).toContain('slipway models pull');
    expect(state()).toMatchObject({ state: 'ready', device: 'cpu', isFallback: false });
    const begun = TOY_TEXT.slice(0, TOY_TEXT.indexOf(' Bring'));
    expect((await stand.answer(wishFor('toy', { begun }))).text).toBe(TOY_TEXT.slice(begun.length));
    await stand.serve('chat', 'alphabet');
    await stand.models.follow();
    expect(stand.models.served().map(({ name }) => name)).toEqual(['chat']);
  });
});

describe('a GPU that is asked for and not there', () => {
  it('is said, and nothing computes on the CPU instead', async () => {
    stand = await EngineStand.create({ gpu: 'cuda' });
    await stand.serve('chat', 'alphabet');
    await expect(stand.models.follow()).rejects.toThrow(DeviceMissing);
    await expect(stand.answer(wishFor('chat'))).rejects.toThrow(/cuda/);
    expect(state()).toMatchObject({ state: 'failed', reason: expect.stringContaining('cuda') });
  });
});

describe('the environment of an engine', () => {
  it('holds none of our variables', async () => {
    process.env['DATABASE_URL_OF_TEST'] = 'postgres://secret';
    await serving();
    delete process.env['DATABASE_URL_OF_TEST'];
    const environment = await readFile(`/proc/${pidOf()}/environ`, 'utf8').catch(() => '');
    expect(environment).not.toContain('secret');
    expect(environment).not.toContain('HOME=');
  });
});
