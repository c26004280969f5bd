import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { accept, MAX_MESSAGE_BYTES } from '../src/websocket.js';
import { Client, frame } from './client.js';

// A server that sends back whatever it is told.
const server = createServer();
const clients = [];
const open = async (...args) => {
  const client = await Client.open(server.address().port, ...args);
  clients.push(client);
  return client;
};

before(async () => {
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const connection = accept(request, socket, head);
    connection?.on('message', (text) => connection.send(text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(async () => {
  for (const client of clients) await client.close();
  server.close();
});

const isText = ({ opcode }) => opcode === 1;

for (const size of [0, 5, 125, 126, 65_535, 65_536]) {
  test(`carries a message of ${size} bytes there and back`, async () => {
    const client = await open();
    client.frameOut(1, Buffer.alloc(size, 'a'));
    assert.equal((await client.frame(isText)).payload.length, size);
  });
}

test('puts a fragmented message together, with a ping in between', async () => {
  const client = await open();
  client.frameOut(1, Buffer.from('one '), { isLast: false });
  client.frameOut(9, Buffer.from('still there?'));
  client.frameOut(0, Buffer.from('two'));
  const pong = await client.frame(({ opcode }) => opcode === 10);
  assert.equal(pong.payload.toString(), 'still there?');
  assert.equal((await client.frame(isText)).payload.toString(), 'one two');
});

test('does not mind how the bytes are cut', async () => {
  const client = await open();
  for (const byte of frame(1, Buffer.from('héllo ✓'))) {
    client.raw(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  assert.equal((await client.frame(isText)).payload.toString(), 'héllo ✓');
});

test('answers a goodbye with the same code, and hangs up', async () => {
  const client = await open();
  client.frameOut(8, Buffer.from([0x03, 0xe9]));
  const gone = once(client, 'gone');
  assert.equal(await client.closeCode(), 1001);
  await gone;
});

const refused = {
  'an unmasked frame': [1002, (c) => c.frameOut(1, Buffer.from('x'), { isMasked: false })],
  'an unknown opcode': [1002, (c) => c.frameOut(3, Buffer.from('x'))],
  'a reserved bit': [1002, (c) => c.raw(Buffer.from([0xc1, 0x80, 0, 0, 0, 0]))],
  'a fragmented ping': [1002, (c) => c.frameOut(9, Buffer.from('x'), { isLast: false })],
  'a continuation of nothing': [1002, (c) => c.frameOut(0, Buffer.from('x'))],
  'binary data': [1003, (c) => c.frameOut(2, Buffer.from('x'))],
  'text that is no UTF-8': [1007, (c) => c.frameOut(1, Buffer.from([0xff, 0xfe]))],
  'a message above the limit': [1009, (c) => c.frameOut(1, Buffer.alloc(MAX_MESSAGE_BYTES + 1))],
};
for (const [what, [code, send]] of Object.entries(refused)) {
  test(`refuses ${what} with code ${code}`, async () => {
    const client = await open();
    send(client);
    assert.equal(await client.closeCode(), code);
  });
}

test('refuses a message that grows above the limit fragment by fragment', async () => {
  const client = await open();
  client.frameOut(1, Buffer.alloc(60_000), { isLast: false });
  client.frameOut(0, Buffer.alloc(60_000), { isLast: false });
  assert.equal(await client.closeCode(), 1009);
});

test('answers the handshake as RFC 6455 asks, and refuses what is none', async () => {
  await assert.rejects(open('/ws', { 'Sec-WebSocket-Key': 'short' }), /400 Bad Request/);
  await assert.rejects(open('/ws', { 'Sec-WebSocket-Version': '8' }), /400 Bad Request/);
});
