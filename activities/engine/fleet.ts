/** The engines of this process, one for each base model, with the contexts that are open in them. */
import { Berth } from './berth.js';
import { NotEnoughMemory } from './engine.errors.js';
import { Engine, type EngineParts } from './engine.js';
import type { Serving } from './engine.ports.js';
import type { LoadSpec } from './engine.protocol.js';
import { type Pair, routesOf } from './pair.js';
import { Route } from './route.js';

/** What all engines have in common. */
export type FleetSpec = Omit<LoadSpec, 'modelPath' | 'contexts'>;

interface Moored {
  engine: Engine;
  /** By the adapter's digest; `base` without one. */
  berths: Map<string, Berth>;
}

/** Answers in flight when what serves them is replaced. Milliseconds. */
const DRAIN_MS = 300_000;

export class Fleet {
  private readonly moored = new Map<string, Moored>();
  private readonly leaving = new Set<Promise<void>>();
  private keys = 0;

  constructor(
    private readonly spec: FleetSpec,
    private readonly parts: EngineParts,
  ) {}

  /** A pair that is known, and whose engine its first request starts. */
  announce(champion: Serving): Pair {
    const moored = this.moored.get(champion.digest);
    const berth = moored?.berths.get(berthKey(champion)) ?? this.moor(champion);
    return { champion: new Route(champion, berth), challenger: undefined };
  }

  /**
   * Loads what is missing, beside what serves now. Where both do not fit into memory, `before` makes
   * room: its requests are held, it drains, and the next one is loaded; `before` comes back if that fails.
   */
  async pair(champion: Serving, challenger: Serving | undefined, before?: Pair): Promise<Pair> {
    try {
      return await this.load(champion, challenger);
    } catch (error) {
      if (!(error instanceof NotEnoughMemory) || before === undefined) throw error;
      return this.inPlaceOf(before, champion, challenger);
    }
  }

  /** Ends what is still being loaded and serves none of these digests any more. */
  giveUp(wanted: ReadonlySet<string>): void {
    for (const [digest, { engine }] of this.moored) {
      if (wanted.has(digest) || engine.state !== 'starting') continue;
      this.moored.delete(digest);
      this.leave(engine.stop(0));
    }
  }

  /** Lets go of what none of the pairs uses, once it has drained. */
  keepOnly(pairs: readonly Pair[]): void {
    const used = new Set(pairs.flatMap(routesOf).map(({ berth }) => berth));
    for (const [digest, { engine, berths }] of this.moored) {
      const idle = [...berths].filter(([, berth]) => !used.has(berth));
      if (idle.length === berths.size) {
        this.moored.delete(digest);
        this.leave(this.end({ engine, berths }, DRAIN_MS));
        continue;
      }
      for (const [key, berth] of idle) {
        berths.delete(key);
        this.leave(berth.drained(DRAIN_MS).then(() => engine.close(berth.key)));
      }
    }
  }

  async stop(drainMs: number): Promise<void> {
    const all = [...this.moored.values()];
    this.moored.clear();
    const limit = new Promise((resolve) => setTimeout(resolve, drainMs).unref());
    await Promise.all(all.map((each) => this.end(each, drainMs)));
    await Promise.race([Promise.all(this.leaving), limit]);
  }

  private async load(champion: Serving, challenger: Serving | undefined): Promise<Pair> {
    return {
      champion: new Route(champion, await this.berth(champion)),
      challenger: challenger && new Route(challenger, await this.berth(challenger)),
    };
  }

  private async berth(serving: Serving): Promise<Berth> {
    const { digest, adapterPath } = serving;
    const found = this.moored.get(digest);
    if (found?.engine.state === 'failed') {
      this.moored.delete(digest);
      this.leave(found.engine.stop(0));
    }
    const moored = this.moored.get(digest);
    const known = moored?.berths.get(berthKey(serving));
    if (moored && !known) {
      const key = this.nextKey(serving);
      await moored.engine.open(key, adapterPath);
      const berth = new Berth(moored.engine, key, this.spec.slots);
      moored.berths.set(berthKey(serving), berth);
      return berth;
    }
    const berth = known ?? this.moor(serving);
    await berth.engine.start();
    return berth;
  }

  private moor(serving: Serving): Berth {
    const { digest, path: modelPath, adapterPath } = serving;
    const key = this.nextKey(serving);
    const context = { key, ...(adapterPath === undefined ? {} : { adapterPath }) };
    const engine = new Engine({ ...this.spec, modelPath, contexts: [context] }, this.parts);
    const berth = new Berth(engine, key, this.spec.slots);
    this.moored.set(digest, { engine, berths: new Map([[berthKey(serving), berth]]) });
    return berth;
  }

  private async inPlaceOf(
    before: Pair,
    champion: Serving,
    challenger: Serving | undefined,
  ): Promise<Pair> {
    let goOn: () => void = () => {};
    before.held = new Promise((resolve) => {
      goOn = resolve;
    });
    const old = new Map(routesOf(before).map(({ serving }) => [serving.digest, serving]));
    try {
      for (const digest of old.keys()) await this.makeRoom(digest);
      return await this.load(champion, challenger);
    } catch (error) {
      for (const digest of [champion.digest, challenger?.digest]) {
        if (digest !== undefined && !old.has(digest)) await this.makeRoom(digest);
      }
      const back = await this.load(before.champion.serving, before.challenger?.serving);
      Object.assign(before, back);
      throw error;
    } finally {
      goOn();
      delete before.held;
    }
  }

  private async makeRoom(digest: string): Promise<void> {
    const moored = this.moored.get(digest);
    this.moored.delete(digest);
    if (moored) await this.end(moored, DRAIN_MS);
  }

  private async end({ engine, berths }: Moored, drainMs: number): Promise<void> {
    await Promise.all([...berths.values()].map((berth) => berth.drained(drainMs)));
    await engine.stop(0);
  }

  private leave(work: Promise<void>): void {
    const done = work.finally(() => this.leaving.delete(done));
    this.leaving.add(done);
  }

  private nextKey(serving: Serving): string {
    return `${berthKey(serving)} ${++this.keys}`;
  }
}

function berthKey({ adapterDigest }: Serving): string {
  return adapterDigest ?? 'base';
}
