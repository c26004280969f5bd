import { afterEach, describe, expect, it } from '@jest/globals';
import fastify from 'fastify';
import { Busy } from './errors.js';
import { Streams } from './sse.js';

// How many streams there may be, on a server of its own.

const server = { close: async (): Promise<void> => undefined };
afterEach(() => server.close());

/** Asks as a user for a stream that never ends: the refusal, or undefined when it is open. */
async function serving(streams: Streams) {
  const app = fastify();
  const opened: AbortController[] = [];
  app.get<{ Params: { login: string } }>('/:login', (request, reply) => {
    Object.assign(request, { slipwayUser: { login: request.params.login } });
    try {
      streams.send(reply, async function* (signal) {
        yield 'quiet';
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      });
    } catch (error) {
      const { message, retryAfterSeconds } = error as Busy;
      void reply.code(503).send({ message, retryAfterSeconds });
    }
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  server.close = async () => {
    for (const one of opened) one.abort();
    await app.close();
  };
  return async (login: string) => {
    const leaving = new AbortController();
    opened.push(leaving);
    const answer = await fetch(`${url}/${login}`, { signal: leaving.signal });
    if (answer.status === 200) return { leave: () => leaving.abort() };
    return (await answer.json()) as { message: string; retryAfterSeconds: number };
  };
}

describe('streams', () => {
  it('of one user leave room for others, and of all together have a limit', async () => {
    const streams = new Streams({ all: 5, perUser: 3 });
    const open = await serving(streams);
    for (let count = 0; count < 3; count++) expect(await open('ada')).toHaveProperty('leave');
    const refused = await open('ada');
    expect(refused).toMatchObject({ message: '3 of your streams are open already' });
    expect(refused).toHaveProperty('retryAfterSeconds', expect.any(Number));
    expect(await open('bob')).toHaveProperty('leave');
    expect(await open('bob')).toHaveProperty('leave');
    expect(await open('eve')).toMatchObject({ message: '5 streams are open already' });
    streams.beforeApplicationShutdown();
  });
});
