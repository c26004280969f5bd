/** What travels over the WebSocket `/ws/chat`: JSON, one message a frame. */
import { z } from 'zod';
import { EditTurn, Regenerate, SayTurn, Turn } from './wire.chat.js';

/** Subprotocol; browsers may add `bearer.<token>` behind it, as they cannot set headers. */
export const SOCKET_PROTOCOL = 'slipway.chat.v1';
export const SOCKET_TOKEN_PREFIX = 'bearer.';
export const SOCKET_PATH = '/ws/chat';
/** One message of a client, bytes. */
export const MAX_SOCKET_MESSAGE_BYTES = 262_144;
/** Turns of which a client that comes back says what it has. */
const MAX_SEEN_TURNS = 200;

/** Why a socket was closed. */
export const SOCKET_CLOSES = {
  /** The process ends: come back, another replica goes on. */
  leaving: 1_012,
  tooManyMessages: 1_008,
  unauthenticated: 4_401,
  forbidden: 4_403,
  noHello: 4_408,
  tooManySockets: 4_429,
} as const;

const ref = { ref: z.string().max(64).optional() };

/** `ref` comes back in what answers the message: `ok`, `joined` or `error`. */
export const FromClient = z.discriminatedUnion('type', [
  /** First, within 5 s, where neither header nor subprotocol brought a token. */
  z.strictObject({ type: z.literal('hello'), token: z.string().max(200), ...ref }),
  z.strictObject({
    type: z.literal('join'),
    conversation: z.uuid(),
    /** Position of the last change that was seen. Default: everything is sent. */
    after: z.int().nonnegative().optional(),
    /** What the client has of answers that were not done. */
    seen: z
      .array(z.strictObject({ turn: z.uuid(), chars: z.int().nonnegative(), attempt: z.int() }))
      .max(MAX_SEEN_TURNS)
      .optional(),
    ...ref,
  }),
  z.strictObject({ type: z.literal('leave'), conversation: z.uuid(), ...ref }),
  SayTurn.omit({ cancelOnDisconnect: true }).extend({
    type: z.literal('say'),
    conversation: z.uuid(),
    ...ref,
  }),
  EditTurn.omit({ cancelOnDisconnect: true }).extend({
    type: z.literal('edit'),
    turn: z.uuid(),
    ...ref,
  }),
  Regenerate.omit({ cancelOnDisconnect: true }).extend({
    type: z.literal('regenerate'),
    turn: z.uuid(),
    ...ref,
  }),
  z.strictObject({ type: z.literal('cancel'), turn: z.uuid(), ...ref }),
  z.strictObject({ type: z.literal('typing'), conversation: z.uuid(), ...ref }),
]);
export type FromClient = z.infer<typeof FromClient>;

/** A turn as this socket needs it: `text` is what comes from character `from` on. */
export const SocketTurn = Turn.extend({ from: z.int() });
export type SocketTurn = z.infer<typeof SocketTurn>;

/** Put `text` where it says: `(what you have).slice(0, from) + text`. */
export const FromServer = z.discriminatedUnion('type', [
  /** `open`: the token was good. `leaving`: the process ends; connect again. */
  z.object({ type: z.literal('state'), state: z.enum(['open', 'leaving']), login: z.string() }),
  /** History after `after`, in pages while there is more. */
  z.object({
    type: z.literal('joined'),
    ref: z.string().optional(),
    conversation: z.uuid(),
    position: z.int(),
    turns: z.array(SocketTurn),
    hasMore: z.boolean(),
  }),
  /** A turn that is new or has changed. `position` is the conversation's: the next `after`. */
  z.object({
    type: z.literal('turn'),
    conversation: z.uuid(),
    position: z.int(),
    turn: SocketTurn,
  }),
  z.object({
    type: z.literal('text'),
    conversation: z.uuid(),
    turn: z.uuid(),
    from: z.int(),
    text: z.string(),
    attempt: z.int(),
  }),
  /** Who is here, of all replicas. */
  z.object({
    type: z.literal('presence'),
    conversation: z.uuid(),
    users: z.array(z.object({ login: z.string(), tabs: z.int() })),
  }),
  z.object({ type: z.literal('typing'), conversation: z.uuid(), logins: z.array(z.string()) }),
  /** A message was carried out; ids of what came of it. */
  z.object({
    type: z.literal('ok'),
    ref: z.string().optional(),
    question: z.uuid().optional(),
    answer: z.uuid().optional(),
  }),
  z.object({
    type: z.literal('error'),
    ref: z.string().optional(),
    code: z.string(),
    message: z.string(),
    help: z.string(),
    retryAfterSeconds: z.number().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  }),
]);
export type FromServer = z.infer<typeof FromServer>;
