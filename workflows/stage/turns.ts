/** Whose turn it is at a stage: one at a time, in the order of triggers. Pure. */
import type { Place } from './stage.messages.js';

/** Places in the order of their triggers. */
export function inOrder(places: Iterable<Place>): Place[] {
  return [...places].sort((a, b) => a.order - b.order || a.runId.localeCompare(b.runId));
}

/**
 * The run that gets the turn now; undefined when somebody holds it, or when the first who is not
 * paused has not asked yet: newer runs wait for older ones that are still approaching.
 */
export function nextTurn(places: Iterable<Place>): Place | undefined {
  const queue = inOrder(places).filter(({ state }) => state !== 'paused');
  if (queue.some(({ state }) => state === 'holding')) return undefined;
  return queue[0]?.state === 'asking' ? queue[0] : undefined;
}

export interface Waiting {
  runId: string;
  /** How many are before it. */
  position: number;
  /** The one just before it. */
  behind: string;
}

/** Who asks without having the turn, and whom each of them waits for. */
export function waitingIn(places: Iterable<Place>): Waiting[] {
  const queue = inOrder(places).filter(({ state }) => state !== 'paused');
  const holders = queue.filter(({ state }) => state === 'holding');
  const others = queue.filter(({ state }) => state !== 'holding');
  const line = [...holders, ...others];
  return line.flatMap(({ runId, state }, position) => {
    const before = line[position - 1];
    return state === 'asking' && before !== undefined
      ? [{ runId, position, behind: before.runId }]
      : [];
  });
}

/**
 * A run says where it stands. The holder keeps its turn when it asks again: it did not hear that it
 * has it. Everything else is taken at its word, the last word counts.
 */
export function moved(before: Place | undefined, said: Place): Place {
  const keepsTurn = before?.state === 'holding' && said.state === 'asking';
  return keepsTurn ? before : said;
}
