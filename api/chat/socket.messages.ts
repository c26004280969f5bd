/** What a client says over its socket, carried out. Every refusal is a typed message. */
import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError } from '../../activities/platform/errors.js';
import { FromClient, type FromServer } from '../client/wire.socket.js';
import { BadInput, NotFound, QuotaExceeded, Refused, Unavailable } from '../platform/errors.js';
import { LOG, type Log } from '../platform/log.js';
import { given } from '../platform/requests.js';
import { ConversationsService } from './conversations.service.js';
import { Rooms } from './rooms.js';
import type { ChatSocket } from './socket.js';
import { SOCKET_LIMITS_TOKEN, type SocketLimits } from './socket.limits.js';
import { type Begun, TurnsService } from './turns.service.js';

/** Wrong fields that one answer names. */
const MAX_WRONG_FIELDS = 20;
/** Said when a part is away that has no wish of its own, seconds. */
const RETRY_SECONDS = 5;

type Said = Exclude<FromClient, { type: 'hello' }>;
type Of<Type extends Said['type']> = Extract<Said, { type: Type }>;

@Injectable()
export class SocketMessages {
  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(LOG) private readonly log: Log,
    @Inject(SOCKET_LIMITS_TOKEN) private readonly limits: SocketLimits,
    private readonly conversations: ConversationsService,
    private readonly turns: TurnsService,
    private readonly rooms: Rooms,
  ) {}

  /** @returns what is wrong with it instead of a message. */
  parse(data: Buffer, isBinary: boolean): FromClient | BadInput {
    if (isBinary) return wrong('', 'must be text');
    let json: unknown;
    try {
      json = JSON.parse(data.toString('utf8'));
    } catch {
      return wrong('', 'must be JSON');
    }
    const parsed = FromClient.safeParse(json);
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.slice(0, MAX_WRONG_FIELDS);
    return new BadInput(
      issues.map(({ path, message }) => ({ field: path.map(String).join('.'), message })),
    );
  }

  /** Never throws: what cannot be done is said. */
  async carryOut(socket: ChatSocket, message: Said): Promise<void> {
    const { ref } = message;
    try {
      const done = await this.act(socket, message);
      if (done) socket.send({ type: 'ok', ...given({ ref }), ...done });
    } catch (error) {
      socket.send(this.refusal(error, ref));
    }
  }

  refusal(error: unknown, ref?: string): FromServer & { type: 'error' } {
    const place = given({ ref });
    if (!(error instanceof SlipwayError)) {
      this.log.error({ err: error }, 'a message over a socket found a bug');
      const message = 'Slipway made a mistake with this message';
      return { type: 'error', ...place, code: 'bug', message, help: 'Tell whoever runs Slipway.' };
    }
    const { code, message, help } = error;
    const errors = error instanceof BadInput ? { errors: [...error.errors] } : {};
    return { type: 'error', ...place, code, message, help, ...errors, ...waitOf(error) };
  }

  /** Undefined when the answer was something else than `ok`. */
  private async act(socket: ChatSocket, message: Said) {
    const { user } = socket;
    if (!user) throw new Error('a socket says something before it is known whose it is');
    switch (message.type) {
      case 'join':
        return this.join(socket, message);
      case 'leave':
        this.rooms.leave(socket, message.conversation);
        return {};
      case 'say': {
        const { type: _type, conversation, ref: _ref, ...said } = message;
        return idsOf(await this.turns.say(conversation, said, user));
      }
      case 'edit': {
        const { type: _type, turn, ref: _ref, ...said } = message;
        return idsOf(await this.turns.edit(turn, said, user));
      }
      case 'regenerate': {
        const { type: _type, turn, ref: _ref, ...wish } = message;
        return idsOf(await this.turns.regenerate(turn, wish, user));
      }
      case 'cancel':
        return { answer: (await this.turns.cancel(message.turn, user)).id };
      case 'typing':
        return this.typing(socket, message);
    }
  }

  private async join(socket: ChatSocket, message: Of<'join'>): Promise<undefined> {
    const { conversation, after = 0, seen = [], ref } = message;
    if (!socket.joined.has(conversation) && socket.joined.size >= this.limits.joined) {
      const words = `a socket follows ${this.limits.joined} conversations at most`;
      throw new Refused('too-many-conversations', words, 'Leave one, or open another socket.');
    }
    if (socket.user) await this.conversations.get(conversation, socket.user);
    await this.rooms.join(socket, conversation, { after, seen, ref });
  }

  private async typing(socket: ChatSocket, { conversation, ref }: Of<'typing'>) {
    if (!socket.joined.has(conversation)) {
      throw new NotFound(`this socket does not follow "${conversation}"`, 'Join it first.');
    }
    await this.rooms.typing(socket, conversation);
    return ref === undefined ? undefined : {};
  }
}

export function wrong(field: string, message: string): BadInput {
  return new BadInput([{ field, message }]);
}

function idsOf({ question, answer }: Begun): { question?: string; answer: string } {
  return { ...(question ? { question: question.id } : {}), answer: answer.id };
}

function waitOf(error: SlipwayError): { retryAfterSeconds?: number } {
  if (error instanceof QuotaExceeded || error instanceof Unavailable) {
    return { retryAfterSeconds: error.retryAfterSeconds };
  }
  return error.code === 'store-unavailable' ? { retryAfterSeconds: RETRY_SECONDS } : {};
}
