/** A WebSocket server: the part of RFC 6455 that a chat needs, and no dependency. */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** One message, bytes. */
export const MAX_MESSAGE_BYTES = 65_536;
/** Bytes that a slow reader may leave unread before it is cut off. */
const MAX_UNSENT_BYTES = 1_048_576;

/** Answers an upgrade request. Undefined when it is no WebSocket handshake: the socket is closed then. */
export function accept(request, socket, head) {
  const key = request.headers['sec-websocket-key'] ?? '';
  const isHandshake =
    request.method === 'GET' &&
    request.headers.upgrade?.toLowerCase() === 'websocket' &&
    request.headers['sec-websocket-version'] === '13' &&
    Buffer.from(key, 'base64').length === 16;
  if (!isHandshake) {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return undefined;
  }
  const answer = createHash('sha1').update(key + GUID).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${answer}\r\n\r\n`,
  );
  return new Connection(socket, head);
}

/** Emits `message` (a string) and, exactly once, `close`. */
export class Connection extends EventEmitter {
  #socket;
  #unread = Buffer.alloc(0);
  #fragments = [];
  #isClosing = false;

  constructor(socket, head) {
    super();
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('end', () => socket.end());
    socket.on('close', () => this.emit('close'));
    if (head.length > 0) this.#take(head);
  }

  send(text) {
    if (this.#isClosing) return;
    this.#write(TEXT, Buffer.from(text));
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.#socket.destroy();
  }

  ping() {
    if (!this.#isClosing) this.#write(PING, Buffer.alloc(0));
  }

  /** Says goodbye, and hangs up after a second when the other side does not. */
  close(code = 1000, reason = '') {
    if (this.#isClosing) return;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#write(CLOSE, payload);
    this.#isClosing = true;
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
  }

  /** A server's frames are not masked. */
  #write(opcode, payload) {
    if (!this.#socket.writable) return;
    this.#socket.write(Buffer.concat([header(opcode, payload.length), payload]));
  }

  #take(bytes) {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    for (;;) {
      const frame = readFrame(this.#unread);
      if (frame === undefined || this.#socket.destroyed) return;
      if (frame.code !== undefined) return this.#refuse(frame.code);
      this.#unread = this.#unread.subarray(frame.size);
      this.#handle(frame);
    }
  }

  #handle({ opcode, isLast, payload }) {
    if (opcode === PING && !this.#isClosing) this.#write(PONG, payload);
    if (opcode === CLOSE) {
      this.close(payload.length >= 2 ? payload.readUInt16BE() : 1000);
      this.#socket.end();
    }
    if (opcode >= CLOSE || this.#isClosing) return;
    const isFirst = this.#fragments.length === 0;
    if ((opcode === CONTINUATION) === isFirst) return this.#refuse(1002);
    if (opcode === BINARY) return this.#refuse(1003);
    this.#fragments.push(payload);
    if (this.#fragments.reduce((sum, part) => sum + part.length, 0) > MAX_MESSAGE_BYTES) {
      return this.#refuse(1009);
    }
    if (!isLast) return;
    const message = decoded(Buffer.concat(this.#fragments));
    this.#fragments = [];
    if (message === undefined) this.#refuse(1007);
    else this.emit('message', message);
  }

  /** The other side broke the protocol: nothing more is read. */
  #refuse(code) {
    this.close(code);
    this.#unread = Buffer.alloc(0);
    this.#fragments = [];
    this.#socket.end();
  }
}

/** The first whole frame; undefined while there is none; `{code}` for why it is refused. */
function readFrame(bytes) {
  if (bytes.length < 2) return undefined;
  const opcode = bytes[0] & 0x0f;
  const isLast = (bytes[0] & 0x80) !== 0;
  const isControl = opcode >= CLOSE;
  const isKnown = [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG].includes(opcode);
  const isMasked = (bytes[1] & 0x80) !== 0;
  const short = bytes[1] & 0x7f;
  if (!isKnown || !isMasked || (bytes[0] & 0x70) !== 0) return { code: 1002 };
  if (isControl && (!isLast || short > 125)) return { code: 1002 };
  const start = { 126: 4, 127: 10 }[short] ?? 2;
  if (bytes.length < start + 4) return undefined;
  const length = { 126: () => bytes.readUInt16BE(2), 127: () => Number(bytes.readBigUInt64BE(2)) };
  const size = length[short]?.() ?? short;
  if (size > MAX_MESSAGE_BYTES) return { code: 1009 };
  if (bytes.length < start + 4 + size) return undefined;
  const mask = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, start + 4 + size));
  for (let at = 0; at < size; at++) payload[at] ^= mask[at % 4];
  return { opcode, isLast, payload, size: start + 4 + size };
}

function header(opcode, length) {
  if (length < 126) return Buffer.from([0x80 | opcode, length]);
  if (length < 65_536) return Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(10);
  bytes[0] = 0x80 | opcode;
  bytes[1] = 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

function decoded(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
