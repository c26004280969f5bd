import { describe, expect, it } from '@jest/globals';
import type { ModelLoad } from '../chat/model.ports.js';
import { forecast } from './forecast.js';

// What is predicted of a first token.

const load: ModelLoad = {
  slots: 2,
  busy: 0,
  prefillTokens: 0,
  prefillPerSecond: 100,
  decodePerSecond: 10,
  answerTokens: 50,
};
const idle = { load, running: 0, ahead: 0, promptTokensAhead: 0, promptTokens: 200 };

describe('a forecast', () => {
  it('of an idle model is the time in which it reads the prompt', () => {
    expect(forecast(idle)).toEqual({ firstTokenSeconds: 2, aloneSeconds: 2 });
  });

  it('adds the prompts that are read now', () => {
    const busy = { ...idle, running: 1, load: { ...load, prefillTokens: 300 } };
    expect(forecast(busy)?.firstTokenSeconds).toBe(5);
  });

  it('adds the answers that must end first, as fast as all slots end them', () => {
    const full = { ...idle, running: 2, ahead: 3, promptTokensAhead: 600 };
    expect(forecast(full)).toEqual({ firstTokenSeconds: 4 / 0.4 + 6 + 2, aloneSeconds: 2 });
  });

  it('is unknown while nothing was measured', () => {
    expect(forecast({ ...idle, load: { ...load, prefillPerSecond: undefined } })).toBeUndefined();
    const noPace = { ...load, decodePerSecond: undefined };
    expect(forecast({ ...idle, load: noPace, running: 2 })).toBeUndefined();
    expect(forecast({ ...idle, load: noPace })).toBeDefined();
  });
});
