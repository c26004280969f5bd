/**
 * Language models in engines of our own: what is served under which name, and how one follows another
 * without a request noticing. Meets `Models` of api/chat/model.ports.ts.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Piece, ServedModel, Wish } from '../../workflows/domain/chat.js';
import type { EngineState, ModelLoad } from '../../workflows/domain/engine.js';
import { wordsOf } from '../platform/errors.js';
import { ModelNotReady, ModelUnknown, WishRefused } from '../platform/model-errors.js';
import type { Serving } from './engine.ports.js';
import { MAX_EMBEDDED_TEXTS } from './engine.protocol.js';
import type { Fleet } from './fleet.js';
import { type Pair, pickFor, routesOf, usableOf } from './pair.js';
import type { Route } from './route.js';

/** Answers in flight when everything ends. Milliseconds. */
const CLOSE_MS = 20_000;
/** How long a request waits while one model makes room for another. Milliseconds. */
const HOLD_MS = 30_000;

export class EngineModels {
  private pairs = new Map<string, Pair>();
  /** By name: why the last change of what it serves did not come to pass. */
  private readonly troubles = new Map<string, string>();
  private following: Promise<void> = Promise.resolve();
  private readonly look = Promise.withResolvers<void>();

  /** @param servings what the record says now, the default first; none names nothing to serve. */
  constructor(
    private readonly fleet: Fleet,
    private readonly servings: () => Promise<Serving[]>,
  ) {}

  served(): ServedModel[] {
    return [...this.pairs].map(([name, pair]) => {
      const trouble = this.troubles.get(name);
      const { state } = usableOf(pair)[0].describe();
      const reason = trouble === undefined ? {} : { reason: trouble };
      return { ...pair.champion.describe(), state, ...reason };
    });
  }

  looked(): Promise<void> {
    return this.look.promise;
  }

  async *generate(wish: Wish, signal: AbortSignal): AsyncGenerator<Piece> {
    await this.released(wish.model, signal);
    const key = wish.conversation ?? wish.id;
    const route = pickFor(key, this.pair(wish.model));
    let hasBegun = false;
    try {
      for await (const piece of route.generate(wish, signal)) {
        hasBegun = true;
        yield piece;
      }
      return;
    } catch (error) {
      if (hasBegun || !(error instanceof ModelNotReady) || signal.aborted) throw error;
      // It may have failed while the wish waited for it.
      const other = pickFor(key, this.pair(wish.model));
      if (other === route) throw error;
      yield* other.generate(wish, signal);
    }
  }

  /** Always by the champion: vectors of two models cannot be compared. */
  async embed(input: { model: string; texts: string[] }, signal: AbortSignal) {
    if (input.texts.length > MAX_EMBEDDED_TEXTS) {
      const help = 'Send them in several requests.';
      throw new WishRefused(`more than ${MAX_EMBEDDED_TEXTS} texts at once`, help);
    }
    await this.released(input.model, signal);
    return this.pair(input.model).champion.embed(input.texts, signal);
  }

  async count(wish: Pick<Wish, 'model' | 'prompt' | 'tools'>): Promise<number> {
    await this.released(wish.model);
    return usableOf(this.pair(wish.model))[0].count(wish);
  }

  /** Of all that can answer for the name together; speeds are the champion's while it does. */
  load(model: string): ModelLoad {
    const routes = usableOf(this.pair(model));
    const sum = (of: (route: Route) => number) => routes.reduce((all, route) => all + of(route), 0);
    const { prefillPerSecond, decodePerSecond, answerTokens } = routes[0].berth.meter;
    return {
      slots: sum(({ berth }) => berth.slots.count),
      busy: sum(({ berth }) => berth.slots.busy),
      prefillTokens: sum(({ berth }) => berth.meter.prefillTokens),
      prefillPerSecond,
      decodePerSecond,
      answerTokens,
    };
  }

  /** One entry an engine, with all that it serves. */
  engines(): EngineState[] {
    const served = [...this.pairs].flatMap(([model, pair]) =>
      routesOf(pair).map(({ berth, by }) => ({ engine: berth.engine, serves: { model, ...by } })),
    );
    return [...Map.groupBy(served, ({ engine }) => engine)].map(([engine, all]) =>
      engine.describe(all.map(({ serves }) => serves)),
    );
  }

  /** Of the engine behind a slot of a name; undefined while it has none. */
  pidOf(name: string, slot: Serving['slot'] = 'champion'): number | undefined {
    return this.pair(name)[slot]?.berth.engine.pid;
  }

  /** What llama.cpp says of its own time since it was asked last; only where it is measured. */
  async timings(name: string): Promise<string[]> {
    const { engine, key } = this.pair(name).champion.berth;
    return (await (await engine.start()).ask({ kind: 'timings', key })) as string[];
  }

  /**
   * Serves what the record says now, names side by side. Safe to repeat: what is served already stays as
   * it is, and what is being loaded for nobody any more is given up. A change that fails leaves the name
   * with what it served before.
   *
   * @throws the first error of those that a name met; all names were looked at.
   */
  follow(): Promise<void> {
    const last = this.following;
    const turn = this.giveUp()
      .catch(() => {}) // The change itself says so.
      .then(() => last)
      .then(() => this.apply());
    this.following = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.fleet.stop(CLOSE_MS);
    await this.following;
    await this.fleet.stop(0);
  }

  private async apply(): Promise<void> {
    const wanted = Map.groupBy(await this.servings(), ({ name }) => name);
    const failures: unknown[] = [];
    const bring = async (name: string, servings: readonly Serving[]) => {
      try {
        await this.bring(name, servings);
        this.troubles.delete(name);
      } catch (error) {
        failures.push(error);
        this.troubles.set(name, wordsOf(error));
      }
    };
    const brought = Promise.all([...wanted].map(([name, servings]) => bring(name, servings)));
    this.look.resolve();
    await brought;
    this.pairs = inOrder(this.pairs, [...wanted.keys()]);
    this.fleet.keepOnly([...this.pairs.values()]);
    if (failures.length > 0) throw failures[0];
  }

  /** The change before this one may wait for it. */
  private async giveUp(): Promise<void> {
    this.fleet.giveUp(new Set((await this.servings()).map(({ digest }) => digest)));
  }

  private async bring(name: string, servings: readonly Serving[]): Promise<void> {
    const champion = servings.find(({ slot }) => slot === 'champion');
    const challenger = servings.find(({ slot }) => slot === 'challenger');
    if (!champion) throw new Error(`"${name}" has a challenger and no champion`);
    const before = this.pairs.get(name);
    // A name that is new is known at once: its requests wait, and are not told that there is none.
    if (!before) this.pairs.set(name, this.fleet.announce(champion));
    // Nobody may ever ask a toy: the first request starts its engine.
    const isLazy = champion.isToy && before?.champion.serving.digest === champion.digest;
    if (isLazy || (champion.isToy && !before)) return;
    this.pairs.set(name, await this.fleet.pair(champion, challenger, before));
  }

  private pair(name: string): Pair {
    const pair = this.pairs.get(name);
    if (pair) return pair;
    throw new ModelUnknown(name, [...this.pairs.keys()]);
  }

  private async released(name: string, signal?: AbortSignal): Promise<void> {
    const { held } = this.pair(name);
    if (held === undefined) return;
    const late = wait(HOLD_MS, 'late', { ref: false, ...(signal ? { signal } : {}) });
    const first = await Promise.race([held, late.catch(() => 'aborted')]);
    if (first !== 'late') return;
    throw new ModelNotReady('one model makes room for another', 'Ask again in a while.');
  }
}

function inOrder<T>(of: ReadonlyMap<string, T>, names: readonly string[]): Map<string, T> {
  const known = names.flatMap((name): [string, T][] => {
    const value = of.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return new Map(known);
}
