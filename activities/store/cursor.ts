/** Keyset cursors: the place after which a list goes on, opaque to its reader. */
import { BadCursor } from './errors.js';
import type { Page } from './store.ports.js';

/** Items of one page. */
export const MAX_PAGE = 200;

/** What a list is ordered by, as text that PostgreSQL gave and takes back without loss. */
export type Place = readonly string[];

/** SQL text of a time with all of its microseconds; a Date would lose three digits, and rows. */
export const exactTime = (column: string) =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;
const NUMBER = /^\d{1,18}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How the parts of a place must look, in order. */
export type Shape = readonly ('time' | 'text' | 'number' | 'uuid')[];

/**
 * The place in a cursor; nulls when there is none, so that it can be passed to SQL as it is.
 *
 * @throws {BadCursor} when the cursor does not hold exactly these parts.
 */
export function placeOf(cursor: string | undefined, shape: Shape): (string | null)[] {
  if (cursor === undefined) return shape.map(() => null);
  const parts = parse(cursor);
  if (parts?.length !== shape.length) throw new BadCursor();
  return parts.map((part, i) => {
    if (typeof part !== 'string' || !fits(part, shape[i])) throw new BadCursor();
    return part;
  });
}

/** PostgreSQL refuses any other text where it expects a uuid. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Makes a page of `limit` items from rows that were asked for with one more than that. */
export function pageOf<Row, T>(
  rows: Row[],
  limit: number,
  item: (row: Row) => T,
  place: (row: Row) => Place,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(item), next: last ? cursorOf(place(last)) : null };
}

/** What `placeOf` reads. */
export function cursorOf(place: Place): string {
  return Buffer.from(JSON.stringify(place), 'utf8').toString('base64url');
}

/** A page's size: at least 1, at most MAX_PAGE. */
export function pageSize(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit), 1), MAX_PAGE);
}

function parse(cursor: string): unknown[] | undefined {
  if (cursor.length > 1_000) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : undefined;
  } catch {
    return undefined;
  }
}

function fits(part: string, kind: Shape[number] | undefined): boolean {
  if (kind === 'time') return TIME.test(part) && isDate(part);
  if (kind === 'number') return NUMBER.test(part);
  if (kind === 'uuid') return isUuid(part);
  return !part.includes('\0');
}

/** False for 31 February too, which Date takes and PostgreSQL does not. */
function isDate(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === text.slice(0, 19);
}
