/** A small WebSocket client over a bare socket, so that tests can also send what no client would. */
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';

export class Client extends EventEmitter {
  #socket;
  #unread = Buffer.alloc(0);
  /** Everything that came: `{opcode, payload}`. */
  frames = [];

  /** Resolves when the handshake is done. Rejects with the server's status line otherwise. */
  static async open(port, path = '/ws', headers = {}) {
    const client = new Client();
    client.#socket = connect(port, '127.0.0.1');
    const wanted = {
      Host: 'chat',
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...headers,
    };
    const lines = Object.entries(wanted).map(([name, value]) => `${name}: ${value}\r\n`);
    client.#socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    await client.#handshake();
    return client;
  }

  async #handshake() {
    while (!this.#unread.includes('\r\n\r\n')) {
      const [bytes] = await once(this.#socket, 'data');
      this.#unread = Buffer.concat([this.#unread, bytes]);
    }
    const end = this.#unread.indexOf('\r\n\r\n') + 4;
    const head = this.#unread.subarray(0, end).toString();
    if (!head.startsWith('HTTP/1.1 101')) {
      this.#socket.destroy();
      throw new Error(head.split('\r\n')[0]);
    }
    this.#unread = this.#unread.subarray(end);
    this.#socket.on('data', (bytes) => this.#take(bytes));
    this.#socket.on('close', () => this.emit('gone'));
    this.#take(Buffer.alloc(0));
  }

  #take(bytes) {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (;;) {
      if (this.#unread.length < 2) return;
      const short = this.#unread[1] & 0x7f;
      const start = { 126: 4, 127: 10 }[short] ?? 2;
      if (this.#unread.length < start) return;
      const size =
        short === 126
          ? this.#unread.readUInt16BE(2)
          : short === 127
            ? Number(this.#unread.readBigUInt64BE(2))
            : short;
      if (this.#unread.length < start + size) return;
      const opcode = this.#unread[0] & 0x0f;
      this.frames.push({ opcode, payload: this.#unread.subarray(start, start + size) });
      this.#unread = this.#unread.subarray(start + size);
      this.emit('frame');
    }
  }

  /** The first frame that `wants` takes, now or later. */
  async frame(wants) {
    for (;;) {
      const at = this.frames.findIndex(wants);
      if (at >= 0) return this.frames.splice(at, 1)[0];
      await once(this, 'frame');
    }
  }

  /** The first event of this type, now or later. */
  async event(type) {
    const isIt = ({ opcode, payload }) => opcode === 1 && JSON.parse(payload).type === type;
    return JSON.parse((await this.frame(isIt)).payload);
  }

  /** The code with which the server says goodbye. */
  async closeCode() {
    return (await this.frame(({ opcode }) => opcode === 8)).payload.readUInt16BE();
  }

  send(event) {
    this.frameOut(1, Buffer.from(JSON.stringify(event)));
  }

  frameOut(opcode, payload, { isLast = true, isMasked = true } = {}) {
    this.#socket.write(frame(opcode, payload, { isLast, isMasked }));
  }

  raw(bytes) {
    this.#socket.write(bytes);
  }

  async close() {
    if (this.#socket.destroyed) return;
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }
}

export function frame(opcode, payload, { isLast = true, isMasked = true } = {}) {
  const first = (isLast ? 0x80 : 0) | opcode;
  const bit = isMasked ? 0x80 : 0;
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0);
  const masked = Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  const size = Buffer.alloc(payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8);
  if (size.length === 2) size.writeUInt16BE(payload.length);
  if (size.length === 8) size.writeBigUInt64BE(BigInt(payload.length));
  const short = { 0: payload.length, 2: 126, 8: 127 }[size.length];
  return Buffer.concat([Buffer.from([first, bit | short]), size, mask, masked]);
}
