import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import type { EngineState } from './model.ports.js';
import { hurry } from './testing/talk.js';

let api: TestApi;
let ada: string;
beforeAll(async () => {
  api = await startTestApi();
  hurry(api);
  ada = await api.tokenOf('ada', ['chat']);
});
afterAll(() => api.close());
afterEach(() => {
  api.chat.models.hasLooked = true;
  api.chat.models.states = [];
});

function behind(state: EngineState['state'], reason?: string): void {
  const none = { memoryBytes: undefined, gpuMemoryBytes: undefined, heartbeatMs: undefined };
  const remote = { model: '127.0.0.1:7997', device: 'remote', serves: [], isFallback: false };
  const why = reason === undefined ? {} : { reason };
  api.chat.models.hasLooked = false;
  api.chat.models.states = [{ ...remote, ...none, restarts: 0, state, ...why }];
}

const asked = async () => {
  const said = { role: 'user', content: 'x' };
  const [ask, openai] = await Promise.all([
    api.ask('/ask', { method: 'POST', token: ada, body: { question: 'x' } }),
    api.ask('/v1/chat/completions', {
      method: 'POST',
      token: ada,
      body: { model: 'big', messages: [said] },
    }),
  ]);
  expect([ask.status, openai.status]).toEqual([503, 503]);
  expect(ask.headers['retry-after']).toBeDefined();
  return [ask.json.detail, openai.json.error.message] as string[];
};

describe('who asks while nothing is served', () => {
  it('is told so, and to ask again soon', async () => {
    api.chat.models.hasLooked = false;
    for (const words of await asked()) expect(words).toContain('no model is served yet');
    behind('starting');
    for (const words of await asked()) expect(words).toContain('no model is served yet');
  });

  it('is told what is wrong with the server that should answer', async () => {
    behind('failed', '127.0.0.1:7997 cannot be reached: connect ECONNREFUSED');
    for (const words of await asked()) {
      expect(words).toContain('the models of 127.0.0.1:7997 are not known');
      expect(words).toContain('cannot be reached: connect ECONNREFUSED');
    }
    behind('ready');
    for (const words of await asked()) expect(words).toContain('127.0.0.1:7997 offers no model');
  });

  it('for a model that there is not is told which ones there are', async () => {
    const { status, json } = await api.ask('/v1/models/big', { token: ada });
    expect([status, json.error.code]).toEqual([404, 'model_not_found']);
    expect(json.error.message).toContain('fake');
  });
});
