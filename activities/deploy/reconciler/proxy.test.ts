import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { ask, until } from '../testing/home.js';
import { StageProxy } from './proxy.js';

let proxy: StageProxy;
let servers: Server[];
beforeEach(async () => {
  proxy = await StageProxy.open('staging', 0);
  servers = [];
});
afterEach(async () => {
  await proxy.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

type Handler = (response: ServerResponse, body: string) => void;

async function instance(answer: Handler): Promise<{ port: number; server: Server }> {
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (text) => {
      body += String(text);
    });
    req.on('end', () => answer(res, body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST' }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += String(part);
      });
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('a stage’s stable port', () => {
  it('refuses with a sentence while nothing serves', async () => {
    expect(await ask(proxy.url)).toEqual({
      status: 503,
      text: 'staging serves nothing now. See "slipway stages" for why.\n',
    });
  });

  it('holds a request while an instance is being started', async () => {
    proxy.isExpecting = true;
    const early = ask(proxy.url);
    const { port } = await instance((res) => res.end('late'));
    proxy.switchTo(port);
    expect(await early).toEqual({ status: 200, text: 'late' });
  });

  it('gives a request that met a closed door to the next instance', async () => {
    const gone = await instance((res) => res.end('gone'));
    const next = await instance((res) => res.end('next'));
    proxy.switchTo(gone.port);
    gone.server.close();
    const answer = ask(proxy.url);
    proxy.switchTo(next.port);
    expect(await answer).toEqual({ status: 200, text: 'next' });
  });

  it('never sends a body twice', async () => {
    let seen = 0;
    const { port } = await instance((res) => {
      seen++;
      res.destroy();
    });
    proxy.switchTo(port);
    expect(await post(proxy.url, 'pay')).toMatch(/^502 staging did not answer/);
    expect(seen).toBe(1);
  });

  it('carries bodies there and back', async () => {
    const { port } = await instance((res, body) => res.end(body.toUpperCase()));
    proxy.switchTo(port);
    expect(await post(proxy.url, 'a'.repeat(200_000))).toBe(`200 ${'A'.repeat(200_000)}`);
  });

  it('breaks an answer off when the instance does, so that nobody takes a part for the whole', async () => {
    const { port } = await instance((res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('half');
      setImmediate(() => res.destroy());
    });
    proxy.switchTo(port);
    await expect(ask(proxy.url)).rejects.toThrow();
  });

  it('waits with the end of an instance for its last answer', async () => {
    let answerNow = (): void => {};
    const old = await instance((res) => {
      answerNow = () => res.end('old');
    });
    const next = await instance((res) => res.end('next'));
    const upstream = proxy.switchTo(old.port);
    if (!upstream) throw new Error('switched to an instance');
    const slow = ask(proxy.url);
    await until(() => upstream.requests === 1);
    proxy.switchTo(next.port);
    let isDrained = false;
    const drained = proxy.drain(upstream).then(() => {
      isDrained = true;
    });
    expect(await ask(proxy.url)).toEqual({ status: 200, text: 'next' });
    expect(isDrained).toBe(false);
    answerNow();
    expect(await slow).toEqual({ status: 200, text: 'old' });
    await drained;
  });

  it('carries WebSockets, and closes them when their instance must go', async () => {
    const { port, server } = await instance((res) => res.end());
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) =>
      socket.on('message', (text: Buffer) => socket.send(`>${text.toString()}`)),
    );
    const upstream = proxy.switchTo(port);
    if (!upstream) throw new Error('switched to an instance');
    const client = new WebSocket(proxy.url.replace('http', 'ws'));
    const answer = new Promise((resolve) =>
      client.once('message', (text: Buffer) => resolve(text.toString())),
    );
    client.once('open', () => client.send('hello'));
    expect(await answer).toBe('>hello');
    const closed = new Promise((resolve) => client.once('close', resolve));
    await proxy.drain(upstream, { requestsMs: 50, webSocketsMs: 50 });
    await closed;
    await until(() => upstream.webSockets.size === 0);
    sockets.close();
  });
});
