/** Who of those that wait hears where it stands, and when. Pure. */
import type { Waiting } from './turns.js';

/** As far up the line, every step forward is worth a word. */
export const NEAR = 10;
/** Words at once; the others come with the next turn. Temporal stops a workflow at 2,000 unheard ones. */
const MAX_WORDS = 100;

type Told = Omit<Waiting, 'runId'>;

/** Remembers what each of those who wait was told last. */
export class Words {
  private told = new Map<string, Told>();

  /** They know where they stand. */
  heard(waiting: readonly Waiting[]): void {
    for (const { runId, ...where } of waiting) this.told.set(runId, where);
  }

  /** All who were told something else before. Takes it that they are told now. */
  toAll(waiting: readonly Waiting[]): Waiting[] {
    return this.tell(waiting, (now) => hasChanged(this.told.get(now.runId), now), waiting.length);
  }

  /**
   * Far down the line a run hears of it when half of those before it are gone: a word to everybody at
   * every turn would be half a million words for a thousand runs. The nearest come first.
   */
  toTheNear(waiting: readonly Waiting[]): Waiting[] {
    return this.tell(waiting, (now) => isWorthTelling(this.told.get(now.runId), now), MAX_WORDS);
  }

  private tell(
    waiting: readonly Waiting[],
    isNews: (now: Waiting) => boolean,
    limit: number,
  ): Waiting[] {
    const news = waiting.filter(isNews).slice(0, limit);
    const before = this.told;
    this.told = new Map();
    for (const { runId } of waiting) {
      const known = before.get(runId);
      if (known !== undefined) this.told.set(runId, known);
    }
    this.heard(news);
    return news;
  }
}

function isWorthTelling(before: Told | undefined, now: Told): boolean {
  if (before === undefined || now.position <= NEAR) return hasChanged(before, now);
  return now.position <= before.position / 2;
}

function hasChanged(before: Told | undefined, now: Told): boolean {
  return before?.position !== now.position || before.behind !== now.behind;
}
