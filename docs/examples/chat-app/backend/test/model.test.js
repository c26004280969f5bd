/** Pilot with a model: a small server stands where Slipway's chat stands on a stage. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { answerTo } from '../src/responder.js';
import { Room } from '../src/room.js';

const heard = [];
let status;
let content;
let folder;
let env;
const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const { url, headers } = request;
  heard.push({ url, token: headers.authorization, body: body === '' ? undefined : JSON.parse(body) });
  response.writeHead(status, { 'content-type': 'application/json' });
  const answer = url.endsWith('/models')
    ? { data: [{ id: 'small' }, { id: 'large' }] }
    : { choices: [{ message: { content } }], slipway: { toy: true } };
  response.end(JSON.stringify(status === 200 ? answer : { error: { message: 'too busy' } }));
});

before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  folder = await mkdtemp(join(tmpdir(), 'chat-app-'));
  await writeFile(join(folder, 'token'), 'secret\n');
  env = {
    SLIPWAY_CHAT_URL: `http://127.0.0.1:${server.address().port}/v1`,
    SLIPWAY_CHAT_TOKEN_FILE: join(folder, 'token'),
  };
});
after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  heard.length = 0;
  status = 200;
  content = ' A release is what moves. ';
});

test('asks the first model that is served, with the token of the stage', async () => {
  assert.deepEqual(await answerTo('What is a release?', env), {
    responder: 'model',
    name: 'Pilot',
    model: 'small',
    isToy: true,
    answer: 'A release is what moves.',
  });
  assert.deepEqual(heard.map(({ url }) => url), ['/v1/models', '/v1/chat/completions']);
  assert.equal(heard[1].token, 'Bearer secret');
  assert.equal(heard[1].body.messages.at(-1).content, 'What is a release?');
});

test('falls back to the script when the model refuses, says nothing, or is not there', async () => {
  status = 503;
  assert.equal((await answerTo('release?', env)).responder, 'scripted');
  status = 200;
  content = '';
  assert.equal((await answerTo('release?', env)).responder, 'scripted');
  const nobody = { ...env, SLIPWAY_CHAT_URL: 'http://127.0.0.1:1/v1' };
  assert.equal((await answerTo('release?', nobody)).topic, 'release');
  assert.equal((await answerTo('release?', {})).topic, 'release');
});

test('answers questions of the room in their order, and marks who spoke', async () => {
  const room = new Room(undefined, (question) => answerTo(question, env));
  const messages = [];
  const guest = room.enter((event) => event.type === 'message' && messages.push(event.message));
  room.receive(guest, { type: 'join', name: 'Ada' });
  room.receive(guest, { type: 'say', text: 'first?' });
  room.receive(guest, { type: 'say', text: 'second?' });
  await room.quiet;
  assert.deepEqual(messages.map(({ from }) => from), ['Ada', 'Ada', 'Pilot', 'Pilot']);
  assert.deepEqual(heard.filter(({ body }) => body).map(({ body }) => body.messages.at(-1).content), [
    'first?',
    'second?',
  ]);
  assert.equal(messages.at(-1).scripted, false);
});
