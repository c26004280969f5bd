/**
 * One list out of several partitions of an index, each of which is in order already. A cursor holds
 * where each of them goes on: the key of the last item that was taken from it, as DynamoDB's
 * `LastEvaluatedKey` says it.
 */
import { BadCursor } from '../store/errors.js';
import { type Item, SORT_KEY, TABLE_KEY } from './dynamodb.items.js';

/** Queries of one page, of all lanes together: a rare match is not searched for without an end. */
const MAX_QUERIES = 24;

/** The place after which a lane goes on: id and time of an item. */
export type Place = readonly [id: string, createdAt: string];
/** `start`: from the newest on; `end`: nothing is left. */
export type LaneState = Place | 'start' | 'end';

/** Reads on from a place, newest first; `next` is where the following read begins. */
export type Read = (
  partition: string,
  after: Place | undefined,
) => Promise<{ items: Item[]; next: Place | undefined }>;

interface Lane {
  partition: string;
  /** Behind what was taken. */
  state: LaneState;
  /** Read, and not taken yet. */
  waiting: Item[];
  /** Where the next read begins; undefined when everything was read. */
  next: Place | 'start' | undefined;
}

/** The newest of all partitions, at most `limit`; fewer after MAX_QUERIES queries. */
export async function merged(
  read: Read,
  partitions: readonly string[],
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<{ items: Item[]; next: string | null }> {
  const lanes = begin(partitions, cursor);
  const items: Item[] = [];
  let queries = 0;
  while (items.length < limit) {
    const empty = lanes.filter((lane) => lane.waiting.length === 0 && lane.next !== undefined);
    if (empty.length > 0 && queries + empty.length > MAX_QUERIES) break;
    await Promise.all(empty.map((lane) => fill(lane, read)));
    queries += empty.length;
    // A lane that found nothing in what it read may still hold what is newer than the others.
    if (lanes.some((lane) => lane.waiting.length === 0 && lane.next !== undefined)) continue;
    const newest = lanes.reduce((best, lane) => (isNewer(lane, best) ? lane : best));
    const item = newest.waiting.shift();
    if (item === undefined) break;
    items.push(item);
    newest.state = newest.waiting.length > 0 || newest.next !== undefined ? placeIn(item) : 'end';
  }
  const states = lanes.map(({ state }) => state);
  const isOver = states.every((state) => state === 'end');
  return { items, next: isOver ? null : cursorOf(states) };
}

/** Looks only as far as it must; what was read in vain is behind the lane. */
async function fill(lane: Lane, read: Read): Promise<void> {
  const after = lane.next === 'start' ? undefined : lane.next;
  const { items, next } = await read(lane.partition, after);
  lane.waiting = items;
  lane.next = next;
  if (items.length === 0) lane.state = next ?? 'end';
}

function isNewer(lane: Lane, than: Lane): boolean {
  const [one, other] = [lane.waiting[0], than.waiting[0]];
  if (one === undefined || other === undefined) return one !== undefined;
  return (one[SORT_KEY]?.S ?? '') > (other[SORT_KEY]?.S ?? '');
}

export function placeIn(item: Item): Place {
  return [item[TABLE_KEY]?.S ?? '', item[SORT_KEY]?.S ?? ''];
}

function begin(partitions: readonly string[], cursor: string | undefined): Lane[] {
  const states = cursor === undefined ? partitions.map(() => 'start' as const) : parse(cursor);
  if (states.length !== partitions.length) throw new BadCursor();
  return partitions.map((partition, i) => {
    const state = states[i] ?? 'start';
    return { partition, state, waiting: [], next: state === 'end' ? undefined : state };
  });
}

function cursorOf(states: readonly LaneState[]): string {
  return Buffer.from(JSON.stringify(states), 'utf8').toString('base64url');
}

/** @throws {BadCursor} */
function parse(cursor: string): LaneState[] {
  try {
    const states: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(states) && states.every(isState)) return states;
  } catch {
    // Not JSON: not a cursor of ours either.
  }
  throw new BadCursor();
}

function isState(state: unknown): state is LaneState {
  if (state === 'start' || state === 'end') return true;
  return (
    Array.isArray(state) &&
    state.length === 2 &&
    state.every((part) => typeof part === 'string' && part !== '')
  );
}
