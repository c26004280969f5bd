import { describe, expect, it } from '@jest/globals';
import { EngineLost, ModelNotReady, ModelUnknown } from '../../activities/platform/model-errors.js';
import { Busy, QuotaExceeded } from '../platform/errors.js';
import type { InFlight } from './generation.ports.js';
import { generationOf, held, kinds, read, wishOf } from './testing.js';

// Who is answered, when, and how an answer ends.

const caller = { login: 'ada', via: 'openai' as const };

describe('an answer', () => {
  it('comes in order, and is counted and timed', async () => {
    const { begin, metrics } = generationOf();
    const answer = await begin('ada');
    expect(await kinds(answer)).toEqual(['started', 'text', 'text', 'text', 'done']);
    const { queuedMs, firstTokenMs, totalMs } = answer.timings();
    expect(queuedMs).toBeLessThanOrEqual(firstTokenMs ?? -1);
    expect(firstTokenMs).toBeLessThanOrEqual(totalMs);
    expect(metrics.answers).toEqual([
      expect.objectContaining({
        model: 'fake',
        slot: 'champion',
        via: 'openai',
        reason: 'stop',
        promptTokens: 2,
        completionTokens: 3,
      }),
    ]);
  });

  it('is counted for the one of two that really made it, where that is known', async () => {
    const { begin, models, metrics } = generationOf();
    models.madeBy = () => ({ slot: 'challenger', digest: 'sha256:2', adapter: null });
    await read(await begin('ada'));
    models.madeBy = () => undefined;
    await read(await begin('ada'));
    expect(metrics.answers.map(({ slot }) => slot)).toEqual(['challenger', 'none']);
  });

  it('can be read once', async () => {
    const { begin } = generationOf();
    const answer = await begin('ada');
    await read(answer);
    await expect(read(answer)).rejects.toThrow('read once');
  });

  it('of a model that is not served, or failed to load, is refused at once', async () => {
    const { service, models } = generationOf();
    const other = { ...wishOf('x'), model: 'other' };
    await expect(service.begin(other, caller)).rejects.toBeInstanceOf(ModelUnknown);
    models.model = { ...models.model, state: 'failed', reason: 'the file is cut off' };
    await expect(service.begin(wishOf('x'), caller)).rejects.toThrow('the file is cut off');
    await expect(service.begin(wishOf('x'), caller)).rejects.toBeInstanceOf(ModelNotReady);
  });

  it('is refused with an error that passes while nobody knows yet what is served, whatever its name', async () => {
    const { service, models } = generationOf();
    models.hasLooked = false;
    await expect(service.begin(wishOf('x'), caller)).rejects.toBeInstanceOf(ModelNotReady);
  });

  it('is asked for once more when the engine was lost and nothing was said', async () => {
    const { begin, models } = generationOf();
    let lost = 0;
    models.beforeAnswer = async () => {
      if (lost++ === 0) throw new EngineLost('it died', 'Ask again.');
    };
    expect(await kinds(await begin('ada'))).toEqual(['started', 'text', 'text', 'text', 'done']);
    expect(models.wishes.map(({ id }) => id)).toEqual(['ada-1', 'ada-1']);
  });

  it('is asked for no third time, and never again after its first word', async () => {
    const { begin, models, metrics } = generationOf();
    models.trouble = new EngineLost('it died', 'Ask again.');
    await expect(read(await begin('ada'))).rejects.toThrow('it died');
    expect(models.wishes).toHaveLength(2);
    models.trouble = undefined;
    models.beforeWord = async (_wish, index) => {
      if (index === 1) throw new EngineLost('it died in the middle', 'Ask again.');
    };
    await expect(read(await begin('bob'))).rejects.toThrow('in the middle');
    expect(models.wishes).toHaveLength(3);
    expect(metrics.answers.map(({ reason }) => reason)).toEqual(['engine-lost', 'engine-lost']);
  });

  it('of a model that says nothing any more ends, and gives its slot back', async () => {
    const { service, begin, models } = generationOf();
    service.limits = { ...service.limits, silenceSeconds: 0.02 };
    models.beforeAnswer = () => new Promise(() => undefined);
    await expect(read(await begin('ada'))).rejects.toThrow('said nothing for 0.02 s');
    models.beforeAnswer = async () => undefined;
    expect((await read(await begin('ada'))).reason).toBe('stop');
  });
});

describe('the line', () => {
  it('begins as many answers as there are slots, and the next when one ends', async () => {
    const { begin, models, service } = generationOf({ slots: 2 });
    const { begun, begunAre, release } = held(models);
    const answers = await Promise.all(['ada', 'bob', 'eve'].map((login) => begin(login)));
    await begunAre(2);
    const states = (list: InFlight[]) => list.map(({ login, state }) => `${login} ${state}`);
    expect(states(service.inFlight())).toEqual(['eve queued', 'bob prefill', 'ada prefill']);
    release('ada-1');
    await begunAre(3);
    release('bob-2');
    release('eve-3');
    await Promise.all(answers.map(read));
    expect(begun).toEqual(['ada-1', 'bob-2', 'eve-3']);
    expect(service.inFlight()).toEqual([]);
  });

  it('never lets one with many requests hold up one with few', async () => {
    const { begin, models } = generationOf({ slots: 2 });
    const { begun, begunAre, release } = held(models);
    const many = await Promise.all(Array.from({ length: 10 }, () => begin('ada')));
    await begunAre(2);
    const few = await begin('bob');
    release('ada-1');
    await begunAre(3);
    expect(begun[2]).toBe('bob-11');
    models.beforeAnswer = async () => undefined;
    for (const id of begun) release(id);
    await Promise.all([...many, few].map(read));
  });

  it('that is full refuses, and says when there will be room', async () => {
    const { begin, models, metrics } = generationOf({ queue: 2 });
    models.modelLoad = { ...models.modelLoad, decodePerSecond: 10, answerTokens: 100 };
    const { begunAre } = held(models);
    const leaving = new AbortController();
    const answers = [];
    for (let count = 0; count < 3; count++) answers.push(await begin('ada', leaving.signal));
    await begunAre(1);
    const refused = await begin('ada').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Busy);
    expect(refused).toMatchObject({ retryAfterSeconds: 10 });
    expect(metrics.refusals).toEqual(['queue-full']);
    leaving.abort();
    await Promise.all(answers.map(read));
  });

  it('that is full makes room for those who have fewer in it', async () => {
    const { begin, models } = generationOf({ queue: 2 });
    const { begunAre } = held(models);
    const leaving = new AbortController();
    const first = await begin('ada', leaving.signal);
    const second = await begin('ada', leaving.signal);
    const third = await begin('ada', leaving.signal);
    await begunAre(1);
    const other = await begin('bob', leaving.signal);
    await expect(read(third)).rejects.toBeInstanceOf(Busy);
    await expect(begin('ada')).rejects.toBeInstanceOf(Busy);
    leaving.abort();
    const ends = await Promise.all([first, second, other].map(read));
    expect(ends.map(({ reason }) => reason)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  it('refuses who would wait too long for a first token, by what was measured', async () => {
    const { begin, models, metrics } = generationOf();
    models.modelLoad = {
      ...models.modelLoad,
      prefillPerSecond: 100,
      decodePerSecond: 5,
      answerTokens: 100,
    };
    const { begunAre } = held(models);
    const leaving = new AbortController();
    const answers = [await begin('ada', leaving.signal), await begin('ada', leaving.signal)];
    await begunAre(1);
    const refused = await begin('ada').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Busy);
    expect((refused as Busy).message).toBe(
      'an answer would begin in about 41 s, and 30 s is the limit',
    );
    expect((refused as Busy).retryAfterSeconds).toBe(11);
    expect(metrics.refusals).toEqual(['too-slow']);
    leaving.abort();
    await Promise.all(answers.map(read));
  });

  it('of a model that is gone is told so, and whoever was begun ends as they began', async () => {
    const { begin, models } = generationOf();
    const { begunAre, release } = held(models);
    const [running, waiting] = [await begin('ada'), await begin('bob')];
    await begunAre(1);
    const gone = (): never => {
      throw new ModelUnknown('fake', []);
    };
    models.load = gone;
    models.generate = gone;
    release(running.id);
    expect((await read(running)).reason).toBe('stop');
    await expect(read(waiting)).rejects.toBeInstanceOf(ModelUnknown);
  });

  it('is left by whoever waited too long in it', async () => {
    const { begin, models, service } = generationOf();
    const leaving = new AbortController();
    service.limits.queuedSeconds = 0.02;
    held(models);
    const first = await begin('ada', leaving.signal);
    const second = await begin('bob');
    await expect(read(second)).rejects.toThrow('no answer began within 0.02 s');
    leaving.abort();
    await read(first);
    service.limits.queuedSeconds = 60;
  });
});

describe('a cancel', () => {
  it('ends an answer that waits, is read or is written, and its latency is told', async () => {
    const { begin, models, service, metrics } = generationOf();
    const { begunAre } = held(models);
    const [reading, waiting] = [await begin('ada'), await begin('ada')];
    await begunAre(1);
    expect(service.cancel(waiting.id, 'bob')).toBe(false);
    expect(service.cancel(waiting.id, 'ada')).toBe(true);
    expect(service.cancel(waiting.id)).toBe(true);
    expect(await read(waiting)).toEqual({ text: '', reason: 'cancelled' });
    expect(service.cancel(waiting.id)).toBe(false);
    service.cancel(reading.id);
    expect((await read(reading)).reason).toBe('cancelled');
    models.beforeAnswer = async () => undefined;
    models.beforeWord = async ({ id }, index) => {
      if (index === 2) service.cancel(id);
    };
    expect(await read(await begin('ada'))).toEqual({ text: 'one two', reason: 'cancelled' });
    expect(metrics.cancels.map(({ state }) => state)).toEqual(['queued', 'prefill', 'decode']);
  });

  it('is what it means to stop reading, or to leave', async () => {
    const { begin, metrics, models } = generationOf();
    const answer = await begin('ada');
    models.beforeWord = (_wish, index) =>
      index < 2 ? Promise.resolve() : new Promise(setImmediate);
    for await (const piece of answer.pieces) if (piece.kind === 'text') break;
    while (metrics.answers.length < 1) await new Promise(setImmediate);
    expect(metrics.answers[0]?.reason).toBe('cancelled');
    expect((await read(await begin('ada', AbortSignal.abort()))).reason).toBe('cancelled');
  });
});

describe('a budget', () => {
  it('that is used up refuses before there is a place in the line', async () => {
    const { begin, metrics, service } = generationOf({ requests: 2 });
    await read(await begin('ada'));
    await service.embed({ model: 'fake', texts: ['x'] }, caller, AbortSignal.timeout(60_000));
    await expect(begin('ada')).rejects.toBeInstanceOf(QuotaExceeded);
    await read(await begin('bob'));
    expect(metrics.refusals).toEqual(['quota']);
  });

  it('counts the tokens that were really used', async () => {
    const { begin } = generationOf({ tokens: 8 });
    await read(await begin('ada'));
    await read(await begin('ada'));
    await expect(begin('ada')).rejects.toThrow('8 tokens');
  });
});

describe('the end of the process', () => {
  it('refuses the new and the waiting, and lets the others end', async () => {
    const { begin, models, service } = generationOf();
    const { begunAre, release } = held(models);
    const [running, waiting] = [await begin('ada'), await begin('bob')];
    await begunAre(1);
    const draining = service.beforeApplicationShutdown();
    await expect(read(waiting)).rejects.toBeInstanceOf(Busy);
    await expect(begin('eve')).rejects.toThrow('about to end');
    release(running.id);
    expect((await read(running)).reason).toBe('stop');
    await draining;
  });

  it('does not wait for ever', async () => {
    const { begin, models, service } = generationOf();
    service.limits = { ...service.limits, drainSeconds: 0.02 };
    const { begunAre } = held(models);
    const running = await begin('ada');
    await begunAre(1);
    await service.beforeApplicationShutdown();
    await expect(read(running)).rejects.toThrow('about to end');
  });
});
