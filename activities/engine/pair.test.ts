import { describe, expect, it } from '@jest/globals';
import type { Piece } from '../../workflows/domain/chat.js';
import { EngineLost, ModelNotReady } from '../platform/model-errors.js';
import { Berth } from './berth.js';
import type { Engine } from './engine.js';
import type { Serving } from './engine.ports.js';
import type { Fleet } from './fleet.js';
import { EngineModels } from './models.js';
import { Route } from './route.js';
import { answered, wishFor } from './testing.js';

// A champion and a challenger with the whole share, over engines that do as a test wants.

/** One that says who it is. It misbehaves on request. */
class FakeEngine {
  state: Engine['state'] = 'ready';
  /** Thrown to whoever waits for it; it has failed then. */
  trouble: Error | undefined;
  /** Thrown after it began to read. */
  loss: Error | undefined;
  asked = 0;

  constructor(private readonly name: string) {}

  async ready() {
    this.asked++;
    if (this.trouble) {
      this.state = 'failed';
      throw this.trouble;
    }
    const ask = async () => ({ vectors: [[this.asked]], promptTokens: 1 });
    return {
      generate: () => ({ over: Promise.resolve(undefined), pieces: () => this.pieces() }),
      ask,
    };
  }

  private async *pieces(): AsyncGenerator<Piece> {
    yield { kind: 'started', promptTokens: 1, cachedTokens: 0 };
    if (this.loss) throw this.loss;
    yield { kind: 'text', text: this.name, tokens: 1 };
    const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 };
    yield { kind: 'done', reason: 'stop', usage };
  }
}

async function duel() {
  const engines = {
    champion: new FakeEngine('champion'),
    challenger: new FakeEngine('challenger'),
  };
  const routeOf = (slot: Serving['slot'], share: number) => {
    const digest = `sha256:${slot}`;
    const serving = { name: 'chat', slot, digest, path: '', adapterDigest: null, share };
    const berth = new Berth(engines[slot] as unknown as Engine, slot, 4);
    return new Route({ ...serving, isToy: false }, berth);
  };
  const pair = { champion: routeOf('champion', 0), challenger: routeOf('challenger', 100) };
  const fleet = { announce: () => pair, pair: async () => pair, keepOnly() {}, giveUp() {} };
  const models = new EngineModels(fleet as unknown as Fleet, async () => [
    pair.champion.serving,
    pair.challenger.serving,
  ]);
  await models.follow();
  const ask = () => answered(models.generate(wishFor('chat'), new AbortController().signal));
  return { engines, models, ask };
}

const gone = new ModelNotReady('it failed', 'Ask again.');

describe('a wish', () => {
  it('whose engine fails while it waits is answered by the other one, which signs it', async () => {
    const { engines, ask } = await duel();
    expect((await ask()).text).toBe('challenger');
    engines.challenger.trouble = gone;
    expect(await ask()).toMatchObject({
      text: 'champion',
      started: { by: { slot: 'champion', digest: 'sha256:champion' } },
    });
    await ask();
    // From then on nobody waits for it any more.
    expect(engines.challenger.asked).toBe(2);
  });

  it('is told why when both have failed', async () => {
    const { engines, models, ask } = await duel();
    engines.challenger.trouble = gone;
    engines.champion.trouble = gone;
    await expect(ask()).rejects.toThrow('it failed');
    expect(engines.champion.asked).toBe(1);
    expect(models.served()).toMatchObject([{ name: 'chat', state: 'failed' }]);
  });

  it('that kills its engine is not taken to the other one', async () => {
    const { engines, ask } = await duel();
    engines.challenger.loss = new EngineLost('it died of it', 'Ask something else.');
    await expect(ask()).rejects.toThrow('it died of it');
    expect(engines.champion.asked).toBe(0);
  });
});

describe('vectors', () => {
  it('are the champion’s or nobody’s: those of two models cannot be compared', async () => {
    const { engines, models } = await duel();
    const embed = () => models.embed({ model: 'chat', texts: ['a'] }, new AbortController().signal);
    await embed();
    engines.champion.trouble = gone;
    await expect(embed()).rejects.toThrow('it failed');
    expect(engines.challenger.asked).toBe(0);
  });
});
