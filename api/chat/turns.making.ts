/** Makes one answer, whatever happens to its engine: it goes on from the text that was made. */
import { SlipwayError } from '../../activities/platform/errors.js';
import { EngineLost, ModelNotReady } from '../../activities/platform/model-errors.js';
import { StoreUnavailable } from '../../activities/store/errors.js';
import type { ChatMessage, Piece, Wish } from '../../workflows/domain/chat.js';
import type { TurnFailure } from '../client/wire.chat.js';
import type { Answer, Generation } from '../generation/generation.ports.js';
import { Busy, QuotaExceeded } from '../platform/errors.js';
import { pause } from './pause.js';
import type { TurnLimits } from './turns.limits.js';
import type { LiveTurn, TurnEnd } from './turns.live.js';

export interface MakingParts {
  generation: Generation;
  limits: TurnLimits;
  /** What the model is shown, and the tokens that its answer may have. Made again with each try. */
  prompt: (live: LiveTurn) => Promise<{ messages: ChatMessage[]; maxTokens: number }>;
  /** Tokens of what was said so far. */
  tokensOf: (live: LiveTurn) => Promise<number>;
}

/** What is done for one answer beside making it. */
export interface Attended {
  /** An answer that has its place already. */
  begun: Answer | undefined;
  /** Asked once, before the first words: false when another replica makes the answer. */
  claim: () => Promise<boolean>;
}

/** The wish of a turn, from where it stands. */
export async function wishOf(live: LiveTurn, parts: MakingParts): Promise<Wish> {
  const { model, sampling } = live.turn.wish;
  const { messages, maxTokens } = await parts.prompt(live);
  const spent = live.text === '' ? 0 : await parts.tokensOf(live).catch(() => 0);
  return {
    id: live.id,
    model,
    prompt: { messages },
    ...(live.text === '' ? {} : { begun: live.text }),
    sampling: definedOf({ ...sampling, maxTokens: Math.max(1, maxTokens - spent) }),
    conversation: live.turn.conversationId,
    // Everybody who may chat may read a room.
    ...(live.turn.wish.isRoom ? { owner: `room:${live.turn.conversationId}` } : {}),
  };
}

/** Returns how the answer ended, also when it failed; undefined when another replica goes on with it. */
export async function make(
  live: LiveTurn,
  parts: MakingParts,
  attended: Attended,
): Promise<TurnEnd | undefined> {
  const { limits } = parts;
  const patience: Patience = { engine: 0, roomMs: 0, store: 0, storeMs: 0 };
  let answer = attended.begun;
  let isOurs = false;
  // Later its text may be on its way into the record, and a second claim would not find its place.
  const claim = async () => (isOurs ||= await attended.claim());
  for (;;) {
    try {
      answer ??= await parts.generation.begin(await wishOf(live, parts), live.caller, live.signal);
      return await listen(live, answer, { limits, claim });
    } catch (error) {
      answer = undefined;
      if (live.stopReason !== undefined) return endOf(live);
      const waitMs = waitAfter(error, patience, limits);
      if (waitMs === undefined) return failed(live, error);
      await pause(waitMs, live.signal);
      if (live.signal.aborted) return endOf(live);
    }
  }
}

async function listen(
  live: LiveTurn,
  answer: Answer,
  { limits, claim }: Pick<MakingParts, 'limits'> & Pick<Attended, 'claim'>,
): Promise<TurnEnd | undefined> {
  let isOurs = false;
  for await (const piece of answer.pieces) {
    isOurs ||= await claim();
    if (!isOurs) live.stop('lost');
    if (live.signal.aborted && piece.kind !== 'done') continue;
    hear(live, piece);
    if (live.text.length < limits.maxAnswerChars) continue;
    live.finish = 'length';
    break;
  }
  return endOf(live, answer);
}

function hear(live: LiveTurn, piece: Piece): void {
  if (piece.kind === 'started') live.begins(piece.by);
  // PostgreSQL keeps no NUL and no half characters.
  if (piece.kind === 'text') live.says(piece.text.replaceAll('\0', '\ufffd').toWellFormed());
  if (piece.kind !== 'done') return;
  live.usage = piece.usage;
  live.finish = piece.reason;
}

/** Undefined: not ended, another replica goes on with it. */
function endOf(live: LiveTurn, answer?: Answer): TurnEnd | undefined {
  const why = live.stopReason;
  if (why === 'leaving' || why === 'lost') return undefined;
  const isCancelled = why === 'cancelled' || live.finish === 'cancelled';
  const status = isCancelled ? 'cancelled' : 'done';
  return { status, meta: metaOf(live, answer), failure: null };
}

function failed(live: LiveTurn, error: unknown): TurnEnd {
  return { status: 'failed', meta: metaOf(live), failure: failureOf(error), error };
}

/** Who made it is said by whoever did: another model may serve under the name than when it was asked. */
function metaOf({ turn, usage, finish, attempt, by, isMixed }: LiveTurn, answer?: Answer) {
  return {
    ...turn.wish.meta,
    ...by,
    ...(isMixed ? { mixed: true } : {}),
    model: turn.wish.model,
    via: turn.wish.via,
    ...(usage ? { usage } : {}),
    ...(finish ? { finish } : {}),
    ...(answer ? { timings: answer.timings() } : {}),
    attempt,
  };
}

/** Words for a reader; of a bug, nothing but that it was one. */
export function failureOf(error: unknown): TurnFailure {
  if (error instanceof SlipwayError) {
    return { code: error.code, message: error.message, help: error.help };
  }
  return {
    code: 'bug',
    message: 'Slipway made a mistake while it made this answer',
    help: 'Ask again; if it happens again, tell whoever runs Slipway.',
  };
}

/** Tries of one answer on this replica, and what they have waited. */
interface Patience {
  engine: number;
  roomMs: number;
  store: number;
  storeMs: number;
}

/** Milliseconds until the next try; undefined when there is none. */
function waitAfter(error: unknown, patience: Patience, limits: TurnLimits): number | undefined {
  if (error instanceof EngineLost || error instanceof ModelNotReady) {
    if (patience.engine >= limits.maxEngineTries) return undefined;
    return limits.engineFirstMs * 2 ** patience.engine++;
  }
  if (error instanceof Busy || error instanceof QuotaExceeded) {
    const waitMs = error.retryAfterSeconds * 1_000;
    patience.roomMs += waitMs;
    return patience.roomMs > limits.waitForRoomMs ? undefined : waitMs;
  }
  if (error instanceof StoreUnavailable) {
    const waitMs = Math.min(limits.retryFirstMs * 2 ** patience.store++, limits.retryMaxMs);
    patience.storeMs += waitMs;
    return patience.storeMs > limits.keepUnsavedMs ? undefined : waitMs;
  }
  return undefined;
}

function definedOf(sampling: object): Wish['sampling'] {
  return Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined));
}
