/** A tab of a browser: a socket, and what its user sees by the rules of the protocol. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { FromServer, SOCKET_PATH, SOCKET_PROTOCOL } from '../../client/wire.socket.js';

type Of<Type extends FromServer['type']> = Extract<FromServer, { type: Type }>;

export interface Shown {
  by: string;
  role: string;
  status: string;
  text: string;
  attempt: number;
}

export class Tab {
  readonly heard: FromServer[] = [];
  /** By turn. */
  readonly turns = new Map<string, Shown>();
  position = 0;
  closed: { code: number } | undefined;
  private waiting: (() => void)[] = [];

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (data: Buffer) => {
      const message = FromServer.parse(JSON.parse(data.toString('utf8')));
      this.heard.push(message);
      this.see(message);
      this.wake();
    });
    ws.on('close', (code) => {
      this.closed = { code };
      this.wake();
    });
    ws.on('error', () => this.wake());
  }

  /** Opens, and says who it is. */
  static async open(
    url: string,
    token: string,
    headers: Record<string, string> = {},
  ): Promise<Tab> {
    const tab = Tab.silent(url, headers);
    await once(tab.ws, 'open');
    tab.say({ type: 'hello', token });
    await tab.until('state');
    return tab;
  }

  static silent(url: string, headers: Record<string, string> = {}): Tab {
    const address = url.replace(/^http/, 'ws') + SOCKET_PATH;
    return new Tab(new WebSocket(address, [SOCKET_PROTOCOL], { headers }));
  }

  say(message: object): void {
    this.ws.send(JSON.stringify(message));
  }

  /** The first message of a type that fits, also of those that were heard; throws when it closes before. */
  async until<Type extends FromServer['type']>(
    type: Type,
    fits: (message: Of<Type>) => boolean = () => true,
  ): Promise<Of<Type>> {
    const found = () =>
      this.heard.find((one): one is Of<Type> => one.type === type && fits(one as Of<Type>));
    for (;;) {
      const message = found();
      if (message) return message;
      if (this.closed) throw new Error(`closed with ${this.closed.code} before "${type}" came`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async sees(what: (tab: this) => boolean): Promise<void> {
    while (!what(this)) {
      if (this.closed) throw new Error(`closed with ${this.closed.code}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async closes(): Promise<number> {
    while (!this.closed) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.closed.code;
  }

  /** Goes away without a word; where it was is `place`. */
  cut(): void {
    this.ws.terminate();
  }

  /** What `join` says to go on here. */
  get place() {
    const open = [...this.turns].filter(([, { status }]) => !ENDED.includes(status));
    const seen = open.map(([turn, { text, attempt }]) => ({ turn, chars: text.length, attempt }));
    return { after: this.position, seen };
  }

  /** Another tab that has seen what this one has. */
  remembers(other: Tab): void {
    for (const [id, turn] of other.turns) this.turns.set(id, { ...turn });
    this.position = other.position;
  }

  private see(message: FromServer): void {
    if (message.type === 'joined') {
      for (const turn of message.turns) this.show(turn);
      this.position = message.position;
    }
    if (message.type === 'turn') {
      this.show(message.turn);
      this.position = message.position;
    }
    if (message.type === 'text') {
      const turn = this.turns.get(message.turn);
      if (!turn) throw new Error('text came of a turn that was never told');
      if (message.from > turn.text.length) throw new Error('text was lost');
      if (message.from < turn.text.length && message.attempt === turn.attempt) {
        throw new Error('text came twice');
      }
      turn.text = turn.text.slice(0, message.from) + message.text;
      turn.attempt = message.attempt;
    }
  }

  private show({ id, by, role, status, from, text, attempt }: Of<'turn'>['turn']): void {
    const before = this.turns.get(id)?.text ?? '';
    if (from > before.length) throw new Error('text was lost');
    this.turns.set(id, { by, role, status, attempt, text: before.slice(0, from) + text });
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const one of waiting) one();
  }
}

const ENDED = ['done', 'failed', 'cancelled'];
