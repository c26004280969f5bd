/** Plays scenarios on one world after the other until enough was killed, and says what was seen. */
import { setTimeout as wait } from 'node:timers/promises';
import { violationsOf } from './invariants.js';
import { type Hit, Killer, type Strike, strikesOf } from './killer.js';
import { lookAt } from './outside.js';
import { makePeople, Player } from './player.js';
import { Random } from './random.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import type { Victim } from './victims.js';
import { World } from './world.js';

/** The supervisor gives up after 20 deaths of one process in 5 minutes: a world is left before. */
const MAX_KILLS_OF_ONE = 14;
/** Plays in one world: every repository of it keeps instances running. */
const MAX_PLAYS = 18;
/** How long a stage may take to serve what the record says, after the last kill. */
const SETTLE_LIMIT_MS = 20_000;
const SETTLE_POLL_MS = 250;

export interface Played {
  scenario: string;
  /** Which play of this scenario, from 0. */
  play: number;
  hits: Hit[];
  violations: string[];
}

/** Where scenarios are played: a world, the repositories made in it, and the people in it. */
export class Ground {
  private readonly clones = new Map<string, Awaited<ReturnType<World['stack']['clone']>>>();
  private readonly versions = new Map<string, string>();
  private neighbour: Ground | undefined;
  plays = 0;

  private constructor(
    readonly world: World,
    private readonly people: Awaited<ReturnType<typeof makePeople>>,
  ) {}

  static async make(): Promise<Ground> {
    const world = await World.start();
    return new Ground(world, await makePeople(world, ['ann', 'bob']));
  }

  /** True when the next play could bring the supervisor to its limit. */
  get isWornOut(): boolean {
    return (
      this.plays >= MAX_PLAYS || [...this.world.kills.values()].some((n) => n >= MAX_KILLS_OF_ONE)
    );
  }

  /** One play of a scenario, with these strikes. */
  async play(
    scenario: Scenario,
    play: number,
    random: Random,
    strikes?: Strike[],
  ): Promise<Played> {
    this.plays++;
    const killer = new Killer(this.world, scenario, random.fork(`${scenario.name}/${play}/who`));
    const chosen = strikes ?? strikesOf(scenario, play, random);
    const violations: string[] = [];
    const beside = scenario.name === 'two-stacks' ? this.undisturbed(play, random) : undefined;
    try {
      await scenario.prepare?.(this.world);
      await this.world.outlives(count(chosen, 'engine'));
      const player = await this.player(scenario.name);
      const version = `v${this.plays}`;
      const playing = scenario.play(player, version);
      const expected = await killer.during(playing, chosen);
      await player.rest();
      for (const run of await this.runsWithout(scenario.name)) {
        this.versions.set(run.commit, await player.versionOf(run.commit));
      }
      const killed = killer.hits.flatMap((hit) => hit.killed);
      const of = { repository: scenario.name, said: player.said.chat, people: this.people };
      const look = async () =>
        violationsOf(await lookAt(this.world, of), {
          expected,
          said: player.said,
          killed,
          versions: this.versions,
        });
      violations.push(...(await settled(look)));
    } catch (error) {
      violations.push(`the play did not come to its end: ${wordsOf(error)}`);
    }
    for (const { trouble } of killer.hits) if (trouble) violations.push(`no recovery: ${trouble}`);
    violations.push(...((await beside) ?? []));
    return { scenario: scenario.name, play, hits: killer.hits, violations };
  }

  /** In the middle of a play: ends all stacks, and removes what they left. */
  async cutOff(): Promise<void> {
    await this.neighbour?.cutOff();
    for (const clone of this.clones.values()) await clone.remove();
    await this.world.stop();
    await this.world.remove();
  }

  /** Ends everything. Returns what was left behind. */
  async end({ keep }: { keep: boolean }): Promise<string[]> {
    const beside = (await this.neighbour?.end({ keep: false })) ?? [];
    for (const clone of this.clones.values()) await clone.remove();
    const left = [...beside, ...(await this.world.stop()), ...(await this.world.startsAgain())];
    if (!keep && left.length === 0) await this.world.remove();
    return left;
  }

  /** The same play on a stack beside this one, where nobody kills: it must notice nothing. */
  private async undisturbed(play: number, random: Random): Promise<string[]> {
    this.neighbour ??= await Ground.make();
    const { world } = this.neighbour;
    const { violations } = await this.neighbour.play(
      { ...(SCENARIOS[0] as Scenario), name: 'beside' },
      play,
      random,
      [],
    );
    const again = await world.record.rows<{ name: string }>(
      'SELECT name FROM steps WHERE attempts > 1',
    );
    return [
      ...violations,
      ...again.map(({ name }) => `step ${name} of the stack beside was attempted again`),
    ].map((sentence) => `beside: ${sentence}`);
  }

  private async player(repository: string): Promise<Player> {
    let clone = this.clones.get(repository);
    if (clone === undefined) {
      clone = await this.world.stack.clone(repository, { README: repository });
      this.clones.set(repository, clone);
    }
    const player = new Player(this.world, repository, clone, this.people);
    await player.begin();
    return player;
  }

  private async runsWithout(repository: string): Promise<{ commit: string }[]> {
    const runs = await this.world.record.rows<{ commit: string }>(
      'SELECT DISTINCT commit FROM runs WHERE repository = $1',
      [repository],
    );
    return runs.filter(({ commit }) => !this.versions.has(commit));
  }
}

function count(strikes: readonly Strike[], victim: Victim): number {
  return strikes.flatMap(({ victims }) => victims).filter((each) => each === victim).length;
}

/** Looks again while something differs: a stage follows a moment after the record. */
async function settled(look: () => Promise<string[]>): Promise<string[]> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found.length === 0 || performance.now() > deadline) return found;
    await wait(SETTLE_POLL_MS);
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${String(error)}; ${String(cause)}` : String(error);
}
