/** Who is in a conversation, over all replicas, and who types: told to the sockets of one room. */
import type { PresenceStore } from '../../activities/store/store.ports.js';
import type { FromServer } from '../client/wire.socket.js';
import type { Follow } from '../platform/follow.js';
import { pause } from './pause.js';

/** Looked at again after this long: typing ends without a word, and replicas die, milliseconds. */
const TYPING_LOOK_MS = 2_000;
const QUIET_LOOK_MS = 30_000;
const RETRY_MS = 1_000;
/** Between two times that a room is told: a thousand who come at once are not told a thousand times. */
const TELL_EVERY_MS = 250;

export interface PresenceParts {
  presence: Pick<PresenceStore, 'list'>;
  follow: Follow;
  /** To every socket of the room. */
  say: (text: string) => void;
}

export class RoomPresence {
  private told = { presence: '', typing: '' };

  constructor(
    private readonly id: string,
    private readonly parts: PresenceParts,
  ) {}

  /** Who is new is told, too, who is here. */
  cameIn(): void {
    this.told = { presence: '', typing: '' };
    this.parts.follow.ring(topicOf(this.id));
  }

  /** Until the room closes. */
  async follow(signal: AbortSignal): Promise<void> {
    const bell = await this.parts.follow.bell(topicOf(this.id));
    try {
      while (!signal.aborted) {
        const isTyping = await this.tell().catch(() => undefined);
        await pause(isTyping === undefined ? RETRY_MS : TELL_EVERY_MS, signal);
        if (isTyping !== undefined)
          await bell.rings(isTyping ? TYPING_LOOK_MS : QUIET_LOOK_MS, signal);
      }
    } finally {
      bell.remove();
    }
  }

  /** True when somebody types. Says only what is new. */
  private async tell(): Promise<boolean> {
    const here = await this.parts.presence.list(this.id);
    const users = here.map(({ login, tabs }) => ({ login, tabs }));
    const logins = here.filter(({ isTyping }) => isTyping).map(({ login }) => login);
    this.say('presence', { type: 'presence', conversation: this.id, users });
    if (logins.length > 0 || this.told.typing !== '') {
      this.say('typing', { type: 'typing', conversation: this.id, logins });
    }
    return logins.length > 0;
  }

  private say(kind: 'presence' | 'typing', message: FromServer): void {
    const text = JSON.stringify(message);
    if (text === this.told[kind]) return;
    this.told[kind] = text;
    this.parts.say(text);
  }
}

const topicOf = (conversation: string): string => `presence:${conversation}`;
