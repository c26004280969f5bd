import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiProblem, type Client, createClient, Unreachable } from '../client/client.js';
import type { PlacedEvent } from '../client/events.js';
import { HealthService } from '../health/health.service.js';
import { Streams } from '../platform/sse.js';
import { startTestApi, type TestApi } from '../platform/testing/api.js';
import { openRun, openShop } from '../platform/testing/world.js';

// The typed client against a listening server: how a run is followed, over every break.

let api: TestApi;
let url: string;
let client: Client;
beforeAll(async () => {
  api = await startTestApi();
  await openShop(api);
  url = await api.listen();
  client = createClient({ url, token: api.admin });
});
afterAll(() => api.close());

const at = () => new Date();
const say = (runId: string, text: string, step = 'test') =>
  api.store.runs.write({
    logs: [{ runId, step, attempt: 1, stream: 'stdout' as const, at: at(), text }],
  });
const finish = (runId: string) =>
  api.store.runs.write({
    steps: [{ runId, name: 'test', status: 'succeeded', attempt: 1, at: at() }],
    runs: [{ runId, status: 'succeeded', reason: null, at: at() }],
  });
const told = (event: PlacedEvent) =>
  event.event === 'log' ? event.data.text : `${event.event} ${event.data.status}`;

/** Takes `count` events, or all until the end. */
async function take(events: AsyncGenerator<PlacedEvent>, count = Number.POSITIVE_INFINITY) {
  const taken: PlacedEvent[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

describe('following a run', () => {
  it('tells what was, then what happens, and ends with the run', async () => {
    const { id } = await openRun(api);
    await say(id, 'first\n');
    const events = client.runs.events(id);
    const before = await take(events, 4);
    expect(before.map(told)).toEqual(['run pending', 'step pending', 'step pending', 'first\n']);
    const next = events.next();
    await say(id, 'second\n');
    expect(told((await next).value)).toBe('second\n');
    await finish(id);
    const rest = (await take(events)).map(told);
    expect(rest).toEqual(['run succeeded', 'step succeeded', 'end succeeded']);
  });

  it('goes on after a position without loss or repetition, wherever it was cut', async () => {
    const { id } = await openRun(api);
    for (const text of ['a', 'b', 'c']) await say(id, text);
    await finish(id);
    const all = (await take(client.runs.events(id))).filter(({ event }) => event !== 'run');
    for (const [index, { position }] of all.entries()) {
      if (position === undefined) continue;
      const rest = await take(client.runs.events(id, { after: position }));
      const wanted = all.slice(index + 1).filter(({ event }) => event !== 'end');
      const got = rest.filter(({ event }) => event !== 'run' && event !== 'end');
      expect(got).toEqual(wanted);
    }
  });

  it('comes back by itself when the server cuts the line', async () => {
    const { id } = await openRun(api);
    let cuts = 0;
    const cutting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (++cuts > 3 || !response.body) return response;
      return new Response(cutAfter(response.body, 2), response);
    };
    const shaky = createClient({ url, token: api.admin, fetch: cutting });
    for (const text of ['a', 'b', 'c']) await say(id, text);
    await finish(id);
    const events = await take(shaky.runs.events(id));
    const logs = events.flatMap((event) => (event.event === 'log' ? [event.data.text] : []));
    expect(logs).toEqual(['a', 'b', 'c']);
    expect(events.at(-1)?.event).toBe('end');
    expect(cuts).toBeGreaterThan(1);
  });

  it('ends when the reader leaves, and keeps nothing open', async () => {
    const { id } = await openRun(api);
    const leaving = new AbortController();
    const events = client.runs.events(id, { signal: leaving.signal });
    await take(events, 3);
    const waiting = events.next();
    leaving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await closed();
  });

  it('of a run that is not there is refused at once', async () => {
    const refused = take(client.runs.events('shop-999'));
    await expect(refused).rejects.toMatchObject({ status: 404, name: 'ApiProblem' });
  });

  /** The server learns of a leaving reader when the socket closes. */
  async function closed(): Promise<void> {
    const streams = api.app.get(Streams, { strict: false });
    for (let turn = 0; turn < 10_000 && streams.count > 0; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(streams.count).toBe(0);
  }
});

describe('logs', () => {
  it('come in pages, of one step or of all', async () => {
    const { id } = await openRun(api);
    await say(id, 'one\n');
    await say(id, 'two\n', 'gate');
    await say(id, 'three\n');
    const first = await client.runs.logs(id, { step: 'test', limit: 1 });
    expect(first.items[0]).toMatchObject({ text: 'one\n', stream: 'stdout', attempt: 1 });
    const after = Number(first.next);
    const second = await client.runs.logs(id, { step: 'test', after });
    expect(second.items.map(({ text }) => text)).toEqual(['three\n']);
    expect(second.next).toBeNull();
    const { json } = await api.ask(`/api/v1/runs/${id}/steps/gate/logs`);
    expect(json.items).toHaveLength(1);
    expect((await api.ask(`/api/v1/runs/${id}/steps/nope/logs`)).status).toBe(404);
  });

  it('come as text with a heading for each step', async () => {
    const { id } = await openRun(api);
    await say(id, 'one\nhalf');
    await say(id, 'two\n', 'gate');
    expect(await client.runs.logText(id)).toBe('── test\none\nhalf\n── gate\ntwo\n');
  });

  it('come as a stream of one step until the end', async () => {
    const { id } = await openRun(api);
    await say(id, 'one\n');
    await say(id, 'other\n', 'gate');
    await finish(id);
    const { text, headers } = await api.ask(`/api/v1/runs/${id}/logs?step=test`, {
      headers: { accept: 'text/event-stream' },
    });
    expect(headers['content-type']).toContain('text/event-stream');
    expect(text.match(/^event: .*$/gm)).toEqual(['event: log', 'event: end']);
    expect(text).toContain('"text":"one\\n"');
  });
});

describe('the client', () => {
  it('gives refusals with their problem document', async () => {
    const refused = client.runs.get('shop-999');
    await expect(refused).rejects.toBeInstanceOf(ApiProblem);
    await expect(refused).rejects.toMatchObject({
      status: 404,
      problem: { type: 'urn:slipway:problem:not-found' },
    });
  });

  it('tells an absent API from one that refuses', async () => {
    const nobody = createClient({ url: 'http://127.0.0.1:1', token: 'x' });
    await expect(nobody.runs.list()).rejects.toBeInstanceOf(Unreachable);
  });

  it('reads health, also when a part is away', async () => {
    expect((await client.health()).services['temporal']?.status).toBe('healthy');
    api.workflows.trouble = new Error('away');
    api.app.get(HealthService, { strict: false }).clear();
    expect(await client.health()).toMatchObject({
      status: 'unhealthy',
      services: { temporal: { status: 'unhealthy' } },
    });
    api.workflows.trouble = undefined;
  });

  it('knows every list', async () => {
    await openRun(api);
    const lists = [
      client.runs.list({ limit: 1 }),
      client.approvals.list({ state: 'open' }),
      client.stages.list(),
      client.users.list(),
      client.users.tokens(),
      client.releases.list(),
      client.repositories.list(),
      client.audit(),
    ];
    for (const list of await Promise.all(lists)) expect(list.items).toEqual(expect.any(Array));
  });
});

/** Breaks the stream off, with an error, after so many events. */
function cutAfter(body: ReadableStream<Uint8Array>, events: number): ReadableStream<Uint8Array> {
  let seen = 0;
  const cutter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (part, controller) => {
      for (const piece of new TextDecoder().decode(part).split(/(?<=\n\n)/)) {
        controller.enqueue(new TextEncoder().encode(piece));
        if (piece.startsWith('event:') && ++seen === events) controller.error(new Error('cut'));
        if (seen >= events) return;
      }
    },
  });
  return body.pipeThrough(cutter);
}
