import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  after,
  EMPTY,
  followsOn,
  hueOf,
  initials,
  MAX_SHOWN,
  releaseText,
  retryDelay,
  socketUrl,
  statusText,
  timeOf,
} from '../public/chat.js';

const message = (id, from = 'Ada', at = '2026-01-01T10:00:00Z') => ({ id, from, at, text: 'x' });
const online = after(EMPTY, { type: 'welcome', you: 'Ada', users: ['Ada'], messages: [message(1)] });

test('a welcome brings name, people and history', () => {
  assert.equal(online.status, 'online');
  assert.equal(online.you, 'Ada');
  assert.deepEqual(online.messages.map(({ id }) => id), [1]);
});

test('a message is added once, however often it comes', () => {
  const twice = [message(2), message(2)].reduce((s, m) => after(s, { type: 'message', message: m }), online);
  assert.deepEqual(twice.messages.map(({ id }) => id), [1, 2]);
});

test('the page keeps a limited number of messages', () => {
  let state = EMPTY;
  for (let id = 1; id <= MAX_SHOWN + 5; id++) {
    state = after(state, { type: 'message', message: message(id) });
  }
  assert.equal(state.messages.length, MAX_SHOWN);
  assert.equal(state.messages[0].id, 6);
});

test('going offline keeps what was said, and coming back replaces it', () => {
  const offline = after(online, { type: 'offline' });
  assert.equal(offline.status, 'offline');
  assert.equal(offline.messages.length, 1);
  const back = after(offline, { type: 'welcome', you: 'Ada', users: [], messages: [message(7)] });
  assert.deepEqual(back.messages.map(({ id }) => id), [7]);
});

test('an error is shown until the next welcome, and nonsense changes nothing', () => {
  const wrong = after(online, { type: 'error', text: 'no' });
  assert.equal(wrong.error, 'no');
  assert.equal(after(wrong, { type: 'welcome', you: 'Ada' }).error, '');
  assert.equal(after(online, { type: 'surprise' }), online);
  assert.equal(after(online, undefined), online);
  assert.equal(after(online, { type: 'message' }).messages, online.messages);
});

test('trying to connect again gets slower, up to 15 seconds', () => {
  assert.equal(retryDelay(1, 1), 500);
  assert.equal(retryDelay(3, 0), 1_000);
  assert.equal(retryDelay(50, 1), 15_000);
});

test('the socket is where the page is', () => {
  assert.equal(socketUrl({ protocol: 'http:', host: 'a:1' }), 'ws://a:1/ws');
  assert.equal(socketUrl({ protocol: 'https:', host: 'b' }), 'wss://b/ws');
});

test('names become letters and a colour that stays', () => {
  assert.equal(initials('Ada'), 'AD');
  assert.equal(initials(' ada  king lovelace '), 'AL');
  assert.equal(initials('😀é'), '😀É');
  assert.equal(hueOf('Ada'), hueOf('Ada'));
  assert.ok(hueOf('Grace') >= 0 && hueOf('Grace') < 8);
});

test('times are written as the reader writes them, and broken ones not at all', () => {
  assert.equal(timeOf('2026-01-01T10:05:00Z', 'en-GB', 'UTC'), '10:05');
  assert.equal(timeOf('whenever'), '');
});

test('a name is not repeated when somebody goes on talking', () => {
  assert.equal(followsOn(message(2), message(1)), true);
  assert.equal(followsOn(message(2, 'Grace'), message(1)), false);
  assert.equal(followsOn(message(2, 'Ada', '2026-01-01T10:06:00Z'), message(1)), false);
  assert.equal(followsOn(message(1), undefined), false);
});

test('the indicator and the footer say what is so', () => {
  assert.equal(statusText(EMPTY), 'Connecting');
  assert.equal(statusText(online), 'Connected as Ada');
  assert.equal(statusText({ status: 'offline' }), 'Disconnected, trying again');
  const release = { version: '1.0.0', commit: '4f2c1aa00', stage: 'staging' };
  assert.equal(releaseText(release), 'v1.0.0 · 4f2c1aa · staging');
  assert.equal(releaseText({ version: '1.0.0', commit: null, stage: null }), 'v1.0.0');
});
