/** Answers in the making on this replica. They go on whoever leaves, and are in the record at their end. */
import { wordsOf } from '../../activities/platform/errors.js';
import type { OpenTurn, Replica, TurnsStore } from '../../activities/store/store.ports.js';
import type { Answer } from '../generation/generation.ports.js';
import { Busy } from '../platform/errors.js';
import type { Follow } from '../platform/follow.js';
import type { Log } from '../platform/log.js';
import { pause } from './pause.js';
import { TurnWish } from './turn.wish.js';
import { LiveTurn, type TurnEnd, type TurnToMake } from './turns.live.js';
import { type MakingParts, make, wishOf } from './turns.making.js';
import { TurnSaver } from './turns.saving.js';

export interface RunnerParts extends MakingParts {
  turns: TurnsStore;
  replica: Replica;
  follow: Follow;
  log: Log;
  /** False while nobody knows which models are served here: an answer would fail for want of its own. */
  knowsModels: () => boolean;
}

/** An answer that has its place in the queue and is not in the record yet. */
export interface Admitted {
  live: LiveTurn;
  answer: Answer;
}

/** What models and PostgreSQL get to let go of answers that are left to others, milliseconds. */
const LEAVING_MS = 2_000;

export const topicOf = (turnId: string): string => `turn:${turnId}`;

export class TurnsRunner {
  private readonly lives = new Map<string, LiveTurn>();
  private readonly ending = new AbortController();
  private readonly givingUp = new AbortController();
  private looking: Promise<void> | undefined;

  constructor(private readonly parts: RunnerParts) {}

  /** An answer that is made here, or was and is not stored yet. */
  live(id: string): LiveTurn | undefined {
    return this.lives.get(id);
  }

  get count(): number {
    return this.lives.size;
  }

  /** The process ends: readers leave because of us, not because they want no more. */
  get isLeaving(): boolean {
    return this.ending.signal.aborted;
  }

  /**
   * Takes a place for an answer, before it is in the record: what is refused leaves no trace.
   *
   * @throws {QuotaExceeded} {Busy} and what models throw of a prompt that they cannot take.
   */
  async admit(turn: TurnToMake): Promise<Admitted> {
    this.mustHaveRoom();
    const live = this.newLive(turn);
    const wish = await wishOf(live, this.parts);
    const answer = await this.parts.generation.begin(wish, live.caller, live.signal);
    return { live, answer };
  }

  /** Gives the place back. */
  release({ live, answer }: Admitted): void {
    live.stop('cancelled');
    void drop(answer);
  }

  /** Makes an answer that is in the record as ours. Does not wait for it; `live.ended` does. */
  start({ live, answer }: Admitted): LiveTurn {
    return this.run(live, answer);
  }

  /**
   * Stops an answer that is made here, and waits until it is stored as cancelled, with its text so far.
   * False when it is not made here.
   */
  async cancel(id: string): Promise<boolean> {
    const live = this.lives.get(id);
    if (!live || live.end) return false;
    live.stop('cancelled');
    const how = await live.ended;
    return typeof how !== 'string' && how.status === 'cancelled';
  }

  /** Looks for answers of dead replicas until `drain`. */
  adopt(): void {
    this.looking ??= this.lookAround();
  }

  /** Ends: what is being made gets its time; the rest is left to another replica. */
  async drain(): Promise<void> {
    const { drainMs } = this.parts.limits;
    this.ending.abort();
    const over = new AbortController();
    const ended = Promise.allSettled([...this.lives.values()].map((live) => live.ended));
    const leaving = pause(drainMs, over.signal).then(() => {
      this.givingUp.abort();
      for (const live of this.lives.values()) live.stop('leaving');
      return pause(LEAVING_MS, over.signal);
    });
    await Promise.race([ended, leaving]);
    over.abort();
    await this.looking;
  }

  private run(live: LiveTurn, answer?: Answer): LiveTurn {
    this.lives.set(live.id, live);
    void this.carryOut(live, answer)
      .catch((error: unknown) => this.mistaken(live, error))
      .then((how) => {
        this.lives.delete(live.id);
        live.over(how);
      });
    return live;
  }

  private mistaken(live: LiveTurn, error: unknown): 'lost' {
    const fields = { turn: live.id, reason: wordsOf(error) };
    this.parts.log.error(fields, 'an answer could not be made or stored: this is a bug');
    live.stop('lost');
    return 'lost';
  }

  private async carryOut(
    live: LiveTurn,
    answer: Answer | undefined,
  ): Promise<TurnEnd | 'leaving' | 'lost'> {
    const { turns, replica, limits, log } = this.parts;
    const bell = await this.parts.follow.bell(topicOf(live.id));
    const parts = { turns, replica: replica.number, limits, log, givingUp: this.givingUp.signal };
    const saver = new TurnSaver(live, bell, parts);
    try {
      void saver.follow().catch((error: unknown) => this.mistaken(live, error));
      const claim = () => saver.claim();
      const end = await make(live, this.parts, { begun: answer, claim });
      if (end === undefined) {
        if (live.stopReason === 'leaving') await saver.leaveBehind();
        return live.stopReason === 'leaving' ? 'leaving' : 'lost';
      }
      live.ends(end);
      return (await saver.finish(end)) ? end : 'lost';
    } finally {
      saver.leave();
      bell.remove();
    }
  }

  private async lookAround(): Promise<void> {
    const { limits, log } = this.parts;
    let isAway = false;
    while (!this.isLeaving) {
      try {
        await this.adoptSome();
        isAway = false;
      } catch (error) {
        if (!isAway) log.warn({ reason: wordsOf(error) }, 'cannot look for answers to go on with');
        isAway = true;
      }
      await pause(limits.adoptEveryMs, this.ending.signal);
    }
  }

  private async adoptSome(): Promise<void> {
    const { turns, replica, limits } = this.parts;
    const room = Math.min(limits.adoptAtOnce, limits.maxLive - this.lives.size);
    if (!replica.isAlive() || room <= 0 || !this.parts.knowsModels()) return;
    for (const row of await turns.adopt(replica.number, room)) {
      if (!this.lives.has(row.id)) this.run(this.newLive(toMake(row)));
    }
  }

  private newLive(turn: TurnToMake): LiveTurn {
    return new LiveTurn(turn, () => this.parts.follow.ring(topicOf(turn.id)));
  }

  private mustHaveRoom(): void {
    const { replica, limits } = this.parts;
    if (this.isLeaving || !replica.isAlive()) {
      throw new Busy('this process begins nothing new now', 'Ask again: another one will.', 1);
    }
    if (this.lives.size < limits.maxLive) return;
    throw new Busy(`${limits.maxLive} answers are being made here`, 'Ask again a little later.', 5);
  }
}

function toMake(row: OpenTurn): TurnToMake {
  return {
    id: row.id,
    conversationId: row.conversationId,
    parentId: row.parentId,
    login: row.by,
    wish: TurnWish.parse(row.wish),
    text: row.text,
    attempt: row.attempts,
  };
}

/** Nobody will read it. */
async function drop({ pieces }: Answer): Promise<void> {
  try {
    for await (const _piece of pieces) break;
  } catch {
    // It was not wanted any more.
  }
}
