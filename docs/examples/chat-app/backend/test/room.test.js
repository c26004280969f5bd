import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAsked, respond } from '../src/responder.js';
import { MAX_GUESTS, MAX_HISTORY, MAX_NAME_CHARS, MAX_TEXT_CHARS, Room } from '../src/room.js';

function arrive(room, name) {
  const heard = [];
  const guest = room.enter((event) => heard.push(event));
  if (name) room.receive(guest, { type: 'join', name });
  return { guest, heard, say: (text) => room.receive(guest, { type: 'say', text }) };
}

test('gives a second Ada a number, and nobody the name of the script', () => {
  const room = new Room();
  arrive(room, 'Ada');
  assert.equal(arrive(room, 'ada').heard[0].you, 'ada 2');
  assert.equal(arrive(room, 'pilot').heard[0].you, 'pilot 2');
});

test('cleans names and messages, and cuts them to their limits', () => {
  const room = new Room();
  const { heard, say } = arrive(room, ` A\u0000d\u202ea ${'x'.repeat(100)}`);
  assert.equal(heard[0].you.length, MAX_NAME_CHARS);
  assert.doesNotMatch(heard[0].you, /[\u0000\u202e]/);
  say('y'.repeat(MAX_TEXT_CHARS + 50));
  assert.equal(room.history[0].text.length, MAX_TEXT_CHARS);
});

test('lets nobody speak without a name', () => {
  const room = new Room();
  const { heard, say } = arrive(room);
  say('hello');
  assert.deepEqual(heard, [{ type: 'error', text: 'Please join with a name first.' }]);
  assert.deepEqual(room.history, []);
});

test('forgets the oldest messages', () => {
  const room = new Room();
  const { say } = arrive(room, 'Ada');
  for (let n = 1; n <= MAX_HISTORY + 3; n++) say(`number ${n}`);
  assert.equal(room.history.length, MAX_HISTORY);
  assert.equal(room.history[0].text, 'number 4');
  assert.equal(room.messages, MAX_HISTORY + 3);
});

test('tells the others who came and who went', () => {
  const room = new Room();
  const ada = arrive(room, 'Ada');
  const grace = arrive(room, 'Grace');
  room.leave(grace.guest);
  const seen = ada.heard.filter(({ type }) => type === 'users').map(({ users }) => users.join());
  assert.deepEqual(seen, ['Ada', 'Ada,Grace', 'Ada']);
});

test('is full at its limit', () => {
  const room = new Room();
  for (let n = 0; n < MAX_GUESTS; n++) room.enter(() => {});
  const heard = [];
  assert.equal(room.enter((event) => heard.push(event)), undefined);
  assert.match(heard[0].text, /full/);
});

test('the script gives the same question the same answer, and admits what it does not know', () => {
  assert.deepEqual(respond('What is a RELEASE?'), respond('What is a RELEASE?'));
  assert.equal(respond('how do I undo a broken deploy').topic, 'rollback');
  assert.equal(respond('are you an ai model').topic, 'self');
  assert.equal(respond('¿qué?').topic, 'unknown');
  assert.equal(respond('').responder, 'scripted');
});

test('the script speaks when it is named or somebody asks', () => {
  assert.equal(isAsked('what now? '), true);
  assert.equal(isAsked('hey @pilot tell me'), true);
  assert.equal(isAsked('just talking'), false);
});
