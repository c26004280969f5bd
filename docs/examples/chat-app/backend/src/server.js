/** The chat's server: the page, a small API, metrics, and the WebSocket at /ws. */
import { createServer } from 'node:http';
import { pageFolder, readPage } from './files.js';
import { health } from './health.js';
import { Metrics } from './metrics.js';
import { answerTo } from './responder.js';
import { Room } from './room.js';
import { accept } from './websocket.js';

/** A question to /api/ask, bytes. */
const MAX_BODY_BYTES = 16_384;
const PING_INTERVAL_MS = 25_000;
const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** @returns {{server, close}} `close` says goodbye to every guest. */
export function createChat(env = process.env) {
  const room = new Room(undefined, (question) => answerTo(question, env));
  const metrics = new Metrics();
  const page = readPage(pageFolder(env));
  const sockets = new Set();
  const started = performance.now();
  const uptime = () => (performance.now() - started) / 1_000;

  const routes = {
    __proto__: null,
    'GET /health': (_request, response) => {
      const state = health(room, uptime(), env);
      json(response, state.status === 'ok' ? 200 : 503, state);
    },
    'GET /metrics': (_request, response) =>
      end(response, 200, 'text/plain; version=0.0.4', metrics.text(room, uptime())),
    'GET /api/messages': (_request, response) =>
      json(response, 200, { users: room.users, messages: room.history }),
    'POST /api/ask': (request, response) => ask(request, response, env),
  };

  const server = createServer((request, response) => {
    const pathname = pathOf(request);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const file = method === 'GET' ? page.get(pathname) : undefined;
    const route = file
      ? () => end(response, 200, file.type, file.bytes)
      : routes[`${method} ${pathname}`];
    const began = performance.now();
    response.on('finish', () => {
      const label = route ? pathname : 'other';
      const verb = route ? request.method : 'other';
      metrics.observe(verb, label, response.statusCode, (performance.now() - began) / 1_000);
    });
    if (!route) return json(response, 404, { error: 'There is nothing here.' });
    Promise.resolve(route(request, response)).catch(() => response.destroy());
  });

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (pathOf(request) !== '/ws') {
      return socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    }
    const connection = accept(request, socket, head);
    if (connection) welcome(connection);
  });

  function welcome(connection) {
    const guest = room.enter((event) => connection.send(JSON.stringify(event)));
    if (!guest) return connection.close(1013, 'full');
    sockets.add(connection);
    connection.on('message', (text) => room.receive(guest, parsed(text)));
    connection.on('close', () => {
      sockets.delete(connection);
      room.leave(guest);
    });
  }

  const pings = setInterval(() => {
    for (const connection of sockets) connection.ping();
  }, PING_INTERVAL_MS);
  pings.unref();

  async function close() {
    clearInterval(pings);
    for (const connection of sockets) connection.close(1001, 'going away');
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closed;
  }

  return { server, close };
}

/** `{"question": "…"}` -> the answer, and who gave it. */
async function ask(request, response, env) {
  let size = 0;
  const parts = [];
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY_BYTES) {
      response.setHeader('connection', 'close');
      return json(response, 413, { error: 'A question has at most 16 KiB.' });
    }
    parts.push(part);
  }
  const question = parsed(Buffer.concat(parts).toString('utf8'))?.question;
  if (typeof question !== 'string' || question.trim() === '') {
    return json(response, 400, { error: 'Send JSON like {"question": "What is a release?"}.' });
  }
  json(response, 200, await answerTo(question, env));
}

function pathOf({ url }) {
  return url.split('?')[0];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function json(response, status, value) {
  end(response, status, 'application/json', JSON.stringify(value));
}

function end(response, status, type, body) {
  response.writeHead(status, { ...HEADERS, 'content-type': type });
  response.end(body);
}
