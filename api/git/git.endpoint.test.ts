import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { Busy } from '../platform/errors.js';
import { type EndpointParts, GitEndpoint } from './git.endpoint.js';

const ADDRESS = '/git/web.git/info/refs?service=git-upload-pack';
const headers = { authorization: `Basic ${Buffer.from('x:y').toString('base64')}` };

let server: FastifyInstance;
let url: string;
let endpoint: GitEndpoint;
/** What becomes of each who asks who they are, in order. */
let asked: PromiseWithResolvers<undefined>[];

beforeEach(async () => {
  asked = [];
  server = fastify();
  const identify = () => {
    const answer = Promise.withResolvers<undefined>();
    asked.push(answer);
    return answer.promise;
  };
  const parts = { authenticator: { identify }, log: { warn: () => {} }, maxAtOnce: 2 };
  endpoint = new GitEndpoint(parts as unknown as EndpointParts);
  endpoint.register(server);
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const { resolve } of asked) resolve(undefined);
  await endpoint.stop();
  await server.close();
});

async function waitFor(count: number): Promise<void> {
  while (asked.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe('more git requests than are served at once', () => {
  it('are refused in plain words, with a time by how fast others end', async () => {
    const held = [fetch(url + ADDRESS, { headers }), fetch(url + ADDRESS, { headers })];
    await waitFor(2);
    const refused = await fetch(url + ADDRESS, { headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60']);
    expect(await refused.text()).toBe(
      '2 fetches and pushes are served already; try again in 60 s.\n',
    );
    for (const { resolve } of asked) resolve(undefined);
    for (const answer of held) expect((await answer).status).toBe(401);
  });

  it('find room when one has ended', async () => {
    const first = fetch(url + ADDRESS, { headers });
    const second = fetch(url + ADDRESS, { headers });
    await waitFor(2);
    asked[0]?.resolve(undefined);
    await Promise.race([first, second]);
    const third = fetch(url + ADDRESS, { headers });
    await waitFor(3);
    for (const { resolve } of asked) resolve(undefined);
    expect((await third).status).toBe(401);
  });
});

describe('a git client', () => {
  it('reads of everything that is busy when to come back', async () => {
    const answer = fetch(url + ADDRESS, { headers });
    await waitFor(1);
    asked[0]?.reject(new Busy('5000 runs wait for work already', 'Try again in 40 s.', 40));
    const refused = await answer;
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '40']);
  });
});
