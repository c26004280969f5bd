import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createChat } from '../src/server.js';
import { Client } from './client.js';

const { server, close } = createChat({ SLIPWAY_COMMIT: 'c'.repeat(40), SLIPWAY_STAGE: 'staging' });
const clients = [];
let base;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
  for (const client of clients) await client.close();
  await close();
});

async function arrive(name) {
  const client = await Client.open(server.address().port);
  clients.push(client);
  client.send({ type: 'join', name });
  return { client, welcome: await client.event('welcome') };
}

test('says that it is well, what runs, and who is connected', async () => {
  const { client } = await arrive('Grace');
  const health = await (await fetch(`${base}/health`)).json();
  assert.match(health.status, /^(ok|unwell)$/); // Whether it is well is asked on staging.
  assert.equal(health.version, '1.0.0');
  assert.equal(health.stage, 'staging');
  assert.equal(health.connections, 1);
  await client.close();
});

test('carries what one says to everybody, and keeps it for who comes later', async () => {
  const [ada, grace] = [await arrive('Ada'), await arrive('Grace')];
  assert.deepEqual(grace.welcome.users, ['Ada', 'Grace']);
  ada.client.send({ type: 'say', text: 'good morning' });
  const { message } = await grace.client.event('message');
  assert.equal(message.from, 'Ada');
  assert.equal(message.text, 'good morning');
  const late = await arrive('Late');
  assert.equal(late.welcome.messages.at(-1).text, 'good morning');
  const history = await (await fetch(`${base}/api/messages`)).json();
  assert.equal(history.messages.at(-1).text, 'good morning');
});

test('has the script answer a question in the chat, marked as scripted', async () => {
  const { client } = await arrive('Curious');
  client.send({ type: 'say', text: 'what is a release?' });
  await client.event('message');
  const { message } = await client.event('message');
  assert.equal(message.from, 'Pilot');
  assert.equal(message.scripted, true);
  assert.match(message.text, /named by digest/);
});

test('answers what it does not understand with an error, and stays', async () => {
  const { client } = await arrive('Odd');
  client.frameOut(1, Buffer.from('not json'));
  assert.match((await client.event('error')).text, /Send/);
  client.send({ type: 'say', text: 'still here' });
  assert.equal((await client.event('message')).message.text, 'still here');
});

test('serves the page with headers that keep foreign scripts out, and nothing else on disk', async () => {
  const page = await fetch(`${base}/`);
  assert.match(await page.text(), /<title>Harbour chat<\/title>/);
  assert.match(page.headers.get('content-security-policy'), /default-src 'self'/);
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/__proto__', '/constructor']) {
    assert.equal((await fetch(base + path)).status, 404, path);
  }
});

test('answers questions over HTTP, and says what is wrong with others', async () => {
  const ask = (body) => fetch(`${base}/api/ask`, { method: 'POST', body });
  const answer = await (await ask('{"question": "Hello there"}')).json();
  assert.equal(answer.responder, 'scripted');
  assert.equal(answer.topic, 'greeting');
  assert.equal((await ask('{}')).status, 400);
  assert.equal((await ask('nonsense')).status, 400);
  assert.equal((await ask('x'.repeat(20_000))).status, 413);
});

test('counts what it does for Prometheus', async () => {
  await (await fetch(`${base}/health`)).text();
  await (await fetch(`${base}/nowhere`)).text();
  const text = await (await fetch(`${base}/metrics`)).text();
  assert.match(text, /^# TYPE chat_connections gauge$/m);
  assert.match(text, /^chat_http_requests_total\{method="GET",route="\/health",status="\d+"\} \d+$/m);
  assert.match(text, /^chat_http_requests_total\{method="other",route="other",status="404"\} \d+$/m);
  const [, inf] = /le="\+Inf"\} (\d+)/.exec(text);
  const [, count] = /seconds_count (\d+)/.exec(text);
  assert.equal(inf, count);
});

test('takes the page from where Slipway unpacks it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chat-'));
  await mkdir(join(folder, 'frontend/frontend/public'), { recursive: true });
  await writeFile(join(folder, 'frontend/frontend/public/index.html'), 'unpacked');
  const other = createChat({ SLIPWAY_ARTIFACTS: folder });
  other.server.listen(0, '127.0.0.1');
  await once(other.server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${other.server.address().port}/`);
  assert.equal(await answer.text(), 'unpacked');
  await other.close();
});

test('says goodbye to everybody when it is stopped', async () => {
  const other = createChat({});
  other.server.listen(0, '127.0.0.1');
  await once(other.server, 'listening');
  const client = await Client.open(other.server.address().port);
  const [code] = await Promise.all([client.closeCode(), other.close()]);
  assert.equal(code, 1001);
});
