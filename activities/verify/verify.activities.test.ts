import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type WebSocket, WebSocketServer } from 'ws';
import { type StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import { FakeLogs } from '../logs/logs.fake.js';
import { createVerifyActivities } from './verify.activities.js';
import { FakeClock, FakeStages } from './verify.fake.js';

// Real HTTP and WebSocket servers on free ports; only the waiting between tries is a fake.

type Spec = StepOf<'check'>['spec'];
const context = {
  run: { id: 'web-1', repository: 'web', commit: 'c'.repeat(40), branch: 'main', order: 1 },
  trigger: { inputs: { word: 'hello' } },
  outputs: {},
  artifacts: [],
} as unknown as StepContext;

const servers: Server[] = [];
async function serving(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function talking(onConnection: (socket: WebSocket) => void): Promise<string> {
  const { url, server } = await serving((_request, response) => response.end());
  new WebSocketServer({ server }).on('connection', onConnection);
  return url;
}

/** One check step against a stage at `url`. */
function world(url?: string) {
  const stages = new FakeStages(url === undefined ? {} : { 'web/staging': url });
  const logs = new FakeLogs();
  const clock = new FakeClock();
  const { checkStage } = createVerifyActivities({ stages, logs, clock });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const check = async (spec: Spec, timeoutSeconds?: number) => {
    const timing = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    const full = { stage: 'staging', ...spec };
    const step: StepOf<'check'> = { name: 'integration', kind: 'check', spec: full, ...timing };
    return StepResult.parse(await environment.run(checkStage, { context, step }));
  };
  return { check, stages, logs, clock, environment };
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

describe('an HTTP check', () => {
  it('says yes when status, words and fields are as expected', async () => {
    const { url } = await serving((_request, response) => {
      response.end('{"status": "ok", "count": 3, "extra": []}');
    });
    const { check, logs } = world(url);
    const json = { status: 'ok', count: 3 };
    const http = [{ url: '/health', expect: { status: 200, contains: '"ok"', json } }];
    expect(await check({ http })).toEqual({ verdict: 'succeeded', summary: '1 check ok in 0 ms' });
    expect(logs.text()).toBe('GET /health → 200 in 0 ms\n');
  });

  it('says no with what was expected, what came, and an excerpt fit for one line', async () => {
    const { url } = await serving((_request, response) => {
      response.writeHead(503).end(`down\n\u001b[31m${'x'.repeat(300)}`);
    });
    const { check, clock } = world(url);
    const { verdict, reason } = await check({ http: [{ url: '/health' }] });
    expect(verdict).toBe('failed');
    expect(reason).toMatch(
      /^GET \/health: expected status below 400, got 503; the body: "down \[31mx+…", after 3 tries$/,
    );
    expect(reason?.length).toBeLessThan(300);
    expect(clock.waited).toEqual([1_000, 1_000]);
  });

  it.each([
    [{ status: 201 }, 'expected status 201, got 200'],
    [{ contains: 'absent' }, 'expected a body with "absent", got one without'],
    [{ json: { a: 2 } }, 'expected "a" to be 2, got 1'],
    [{ json: { toString: 'x' } }, 'expected "toString" to be "x", got nothing'],
  ])('names what is wrong: %j', async (expected, words) => {
    const { url } = await serving((_request, response) => response.end('{"a": 1}'));
    const { reason } = await world(url).check({
      http: [{ url: '/', expect: expected }],
      tries: 1,
    });
    expect(reason).toContain(words);
  });

  it('tries again, and is content with a later yes', async () => {
    let asked = 0;
    const { url } = await serving((_request, response) => {
      response.writeHead(++asked < 3 ? 500 : 200).end();
    });
    const { check, logs } = world(url);
    expect(await check({ http: [{ url: '/' }] })).toMatchObject({ verdict: 'succeeded' });
    expect(logs.text()).toContain('(try 2 of 3)\nGET / → 200');
  });

  it('sends method, headers and body, with their templates filled in', async () => {
    const { url } = await serving((request, response) => {
      const said = `${request.method} ${String(request.headers['x-word'])}`;
      void text(request).then((body) => response.end(`${said} ${body}`));
    });
    const word = '${{ inputs.word }}';
    const http = [
      {
        method: 'POST' as const,
        url: '/',
        headers: { 'x-word': word },
        body: `${word} all`,
        expect: { contains: 'POST hello hello all' },
      },
    ];
    expect(await world(url).check({ http })).toMatchObject({ verdict: 'succeeded' });
  });

  it('follows no redirect', async () => {
    const { url } = await serving((_request, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const http = [{ url: '/', expect: { status: 302 } }];
    expect(await world(url).check({ http })).toMatchObject({ verdict: 'succeeded' });
  });

  it('reads at most 1 MiB of an endless answer', async () => {
    const { url } = await serving((_request, response) => {
      const pump = (): void => {
        while (!response.destroyed && response.write('a'.repeat(65_536)));
      };
      response.on('drain', pump);
      pump();
    });
    const http = [{ url: '/', expect: { contains: 'b' } }];
    const { reason } = await world(url).check({ http, tries: 1 });
    expect(reason).toContain('got none in its first 1 MiB');
  });

  it('does not blame the release when nobody keeps the port of its stage', async () => {
    const { url, server } = await serving(() => {});
    server.close();
    await expect(world(url).check({ http: [{ url: '/' }], tries: 1 })).rejects.toMatchObject({
      type: 'StepErrored',
      message: expect.stringMatching(/^GET \/: got no answer: .*ECONNREFUSED.*is the reconciler/),
    });
    const webSocket = [{ url: '/ws' }];
    await expect(world(url).check({ webSocket, tries: 1 })).rejects.toMatchObject({
      type: 'StepErrored',
    });
  });

  it('says no when the URL is none', async () => {
    const { url } = await serving(() => {});
    const wrong = await world(url).check({ http: [{ url: 'file:///etc/passwd' }] });
    expect(wrong.reason).toContain('is neither a path like "/health" nor a URL of http:');
    const secret = await world(url).check({ http: [{ url: 'http://ada:pass@host/' }] });
    expect(secret.reason).not.toContain('pass@');
  });
});

describe('a WebSocket check', () => {
  it('is content with an open connection, or with the expected words', async () => {
    const url = await talking((socket) => {
      socket.on('message', (data) => {
        socket.send('something else');
        socket.send(`echo: ${(data as Buffer).toString()}`);
      });
    });
    const { check, logs } = world(url);
    const webSocket = [{ url: '/ws' }, { url: '/ws', send: 'ping', contains: 'echo: ping' }];
    expect(await check({ webSocket })).toMatchObject({
      verdict: 'succeeded',
      summary: '2 checks ok in 0 ms',
    });
    expect(logs.text()).toBe(
      'WebSocket /ws → open in 0 ms\nWebSocket /ws → message with "echo: ping" in 0 ms\n',
    );
  });

  it('says no with the last thing it heard when the other side hangs up', async () => {
    const url = await talking((socket) => {
      socket.send('go away');
      socket.close(1008);
    });
    const { reason } = await world(url).check({
      webSocket: [{ url: '/ws', contains: 'welcome' }],
      tries: 1,
    });
    expect(reason).toBe(
      'WebSocket /ws: expected a message with "welcome", got 1, the last: "go away" ' +
        '(closed with code 1008), after 1 try',
    );
  });

  it('says no when the other side speaks no WebSocket', async () => {
    const { url } = await serving((_request, response) => response.writeHead(404).end());
    const { reason } = await world(url).check({ webSocket: [{ url: '/ws' }], tries: 1 });
    expect(reason).toContain('Unexpected server response: 404');
  });
});

describe('a check step', () => {
  it('stops at the first no', async () => {
    const asked: (string | undefined)[] = [];
    const { url } = await serving((request, response) => {
      asked.push(request.url);
      response.writeHead(request.url === '/b' ? 500 : 200).end();
    });
    const http = [{ url: '/a' }, { url: '/b' }, { url: '/c' }];
    await world(url).check({ http, tries: 1 });
    expect(asked).toEqual(['/a', '/b']);
  });

  it('could not find out when the stage has no address or the record is away', async () => {
    const { check, stages } = world();
    const spec = { http: [{ url: '/' }] };
    await expect(check(spec)).rejects.toMatchObject({
      type: 'StepErrored',
      message: 'stage "staging" of "web" has no address; was anything deployed to it?',
    });
    stages.refusal = new Error('no PostgreSQL');
    await expect(check(spec)).rejects.toMatchObject({ type: 'StepErrored' });
  });

  it('says no when a template has no value', async () => {
    const { reason } = await world('http://127.0.0.1:1').check({
      http: [{ url: '/${{ inputs.gone }}' }],
    });
    expect(reason).toBe('${{ inputs.gone }} has no value in this run');
  });

  it('goes nowhere else on this machine, by number, name or redirect', async () => {
    const asked: string[] = [];
    const inside = await serving((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    const { port } = new URL(inside.url);
    const { url } = await serving((_request, response) => {
      response.writeHead(302, { location: inside.url }).end();
    });
    const { check, clock } = world(url);
    const byNumber = await check({ http: [{ url: `${inside.url}/number` }] });
    expect(byNumber.reason).toContain(`SLIPWAY_CHECK_HOSTS=127.0.0.1:${port}`);
    const byName = await check({ http: [{ url: `http://localhost:${port}/name` }] });
    expect(byName.reason).toContain('"localhost:');
    const socket = await check({ webSocket: [{ url: `ws://localhost:${port}/ws` }] });
    expect(socket.reason).toContain('leads to this machine');
    await check({ http: [{ url: '/', expect: { status: 302 } }] });
    expect(asked).toEqual([]);
    expect(clock.waited).toEqual([]);
  });

  it('keeps the last no when its time is over, and times out when nothing was said', async () => {
    const { url } = await serving((request, response) => {
      if (request.url === '/no') response.writeHead(500).end();
    });
    const slow = world(url);
    slow.clock.meanwhile = () => new Promise((resolve) => void setTimeout(resolve, 300));
    const { reason } = await slow.check({ http: [{ url: '/no' }], tries: 100 }, 0.2);
    expect(reason).toMatch(/after 1 try; the step's time was over$/);
    const silent = world(url).check({ http: [{ url: '/silent' }] }, 0.1);
    await expect(silent).rejects.toMatchObject({ type: 'StepTimedOut' });
  });

  it('ends when the run is cancelled', async () => {
    const { url, server } = await serving(() => {});
    const { check, environment } = world(url);
    const ended = check({ http: [{ url: '/silent' }] });
    await once(server, 'request');
    environment.cancel('CANCELLED');
    await expect(ended).rejects.toMatchObject({ name: 'CancelledFailure' });
  });
});
