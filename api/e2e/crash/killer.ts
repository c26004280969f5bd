/** Strikes at seeded moments of a play: after a delay, or when the status of a step changes. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from './random.js';
import { pulseOf, type Recovery, recovery } from './recovery.js';
import type { Scenario } from './scenarios.js';
import { type Killed, kill, VICTIMS, type Victim } from './victims.js';
import type { World } from './world.js';

/** How often the record is looked at for a change. */
const LOOK_MS = 15;
/** How long a strike waits for a step's process, when it is its turn. */
const VICTIM_LIMIT_MS = 10_000;
/** Strikes of a play: so many at boundaries, and so many after a delay. */
export const AT_BOUNDARIES = 3;
const AFTER_DELAYS = 1;
/** Of a hundred strikes after a delay so many kill two at once. */
const PAIRS_OF_100 = 40;

export type Moment = { boundary: number } | { afterMs: number };

export interface Strike {
  victims: Victim[];
  moment: Moment;
}

export interface Hit {
  strike: Strike;
  killed: Killed[];
  /** One a victim; undefined where it had nothing to do. */
  recoveries: (Recovery | undefined)[];
  /** Why it did not recover. */
  trouble?: string;
}

/**
 * The strikes of the n-th play of a scenario. Play by play every pair of boundary and victim has its
 * turn, in an order that the seed decides.
 */
export function strikesOf(scenario: Scenario, play: number, random: Random): Strike[] {
  const { victims = VICTIMS } = scenario;
  const pairs: Strike[] = [];
  for (let boundary = 1; boundary <= scenario.boundaries; boundary++) {
    for (const victim of victims) pairs.push({ victims: [victim], moment: { boundary } });
  }
  const deck = random.fork(`${scenario.name}/deck`).shuffled(pairs);
  const chance = random.fork(`${scenario.name}/${play}`);
  const strikes = Array.from(
    { length: AT_BOUNDARIES },
    (_, index) => deck[(play * AT_BOUNDARIES + index) % deck.length] as Strike,
  );
  for (let index = 0; index < AFTER_DELAYS; index++) {
    const isPair = chance.between(1, 100) <= PAIRS_OF_100;
    const chosen = isPair
      ? chance.shuffled(pairable(victims)).slice(0, 2).sort(enginesFirst)
      : [chance.pick(victims)];
    const moment = { afterMs: chance.between(0, scenario.longestMs) };
    strikes.push({ victims: chosen, moment });
  }
  return strikes;
}

function pairable(victims: readonly Victim[]): Victim[] {
  return [...new Set(victims)].filter((victim) => victim !== 'step');
}

/** An engine goes with its API: after that there is none to be killed. */
function enginesFirst(one: Victim, other: Victim): number {
  return Number(other === 'engine') - Number(one === 'engine');
}

/** Each strike has its own moment; one that comes due while another is recovered from waits for that. */
export class Killer {
  readonly hits: Hit[] = [];
  private isOver = false;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
    private readonly random: Random,
  ) {}

  /** Resolves with what the play resolved with, when the last strike is recovered from. */
  async during<T>(play: Promise<T>, strikes: Strike[]): Promise<T> {
    const playing = play.finally(() => {
      this.isOver = true;
    });
    playing.catch(() => {}); // Awaited below.
    const before = await this.changes();
    const due = strikes.map(async (strike) => {
      if (!(await this.moment(strike.moment, before))) return;
      this.turn = this.turn.then(() => (this.isOver ? undefined : this.strike(strike)));
      await this.turn;
    });
    await Promise.all(due);
    return playing;
  }

  private async strike(strike: Strike): Promise<void> {
    const killed: Killed[] = [];
    const deadline = performance.now() + VICTIM_LIMIT_MS;
    for (const victim of strike.victims) {
      let found = await kill(this.world.stack, victim, this.random);
      while (found === undefined && !this.isOver && performance.now() < deadline) {
        await wait(LOOK_MS);
        found = await kill(this.world.stack, victim, this.random);
      }
      if (found === undefined) continue;
      killed.push(found);
      this.world.hasKilled(victim);
    }
    if (killed.length === 0) return;
    const hit: Hit = { strike, killed, recoveries: [] };
    this.hits.push(hit);
    try {
      const pulse = await pulseOf(this.world);
      hit.recoveries = await Promise.all(killed.map((one) => recovery(this.world, one, pulse)));
    } catch (error) {
      hit.trouble = String(error);
    }
  }

  /** False when the play ended before. */
  private async moment(moment: Moment, before: number): Promise<boolean> {
    if ('afterMs' in moment) {
      const end = performance.now() + moment.afterMs;
      while (!this.isOver && performance.now() < end) await wait(LOOK_MS);
    } else {
      const wanted = before + moment.boundary;
      while (!this.isOver && (await this.changes()) < wanted) await wait(LOOK_MS);
    }
    return !this.isOver;
  }

  /** Changes of status so far: a step that runs has had one, a step that ended two. */
  private async changes(): Promise<number> {
    if (this.scenario.changes) return this.scenario.changes(this.world);
    const [row] = await this.world.record.rows<{ changes: number }>(
      `SELECT coalesce(sum(CASE WHEN steps.status = 'pending' THEN 0
                                WHEN steps.status IN ('running', 'waiting') THEN 1
                                ELSE 2 END), 0)::bigint AS changes
         FROM steps JOIN runs ON runs.id = run_id WHERE repository = $1`,
      [this.scenario.name],
    );
    return row?.changes ?? 0;
  }
}
