/** What there is of one person, kind after kind, in pages. */

import { cursorOf, exactTime, pageOf, pageSize, placeOf, type Shape } from './cursor.js';
import type { Db } from './db.js';
import { BadCursor } from './errors.js';
import { SUBJECTS } from './privacy.subjects.js';
import type { Page, PageWish } from './store.ports.js';
import { TURN } from './turns.row.js';

type Row = Record<string, unknown> & { place: string[] };

/** A list of what $1 has of one kind, by a key that `place` has as text. */
interface Kind {
  kind: string;
  key: string;
  shape: Shape;
  columns: string;
  from: string;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'conversation',
    key: 'id',
    shape: ['uuid'],
    columns: `ARRAY[id::text] AS place, id, kind, title, retention, created_at AS "createdAt",
      updated_at AS "updatedAt"`,
    from: 'conversations WHERE owner = $1',
  },
  {
    kind: 'turn',
    key: 'created_at, id',
    shape: ['time', 'uuid'],
    columns: `ARRAY[${exactTime('created_at')}, id::text] AS place, ${TURN}`,
    from: 'turns WHERE by = $1',
  },
  {
    kind: 'feedback',
    key: 'turn_id',
    shape: ['uuid'],
    columns: `ARRAY[turn_id::text] AS place, turn_id AS "turnId", thumb, comment,
      created_at AS "createdAt"`,
    from: 'feedback WHERE by = $1',
  },
  {
    kind: 'ticket',
    key: 'created_at, id',
    shape: ['time', 'text'],
    columns: `ARRAY[${exactTime('created_at')}, id] AS place, id, status, channel, subject, body,
      conversation_id AS "conversationId", created_at AS "createdAt", updated_at AS "updatedAt",
      extra`,
    from: 'tickets WHERE created_by = $1',
  },
  {
    kind: 'proposal',
    key: 'created_at, id',
    shape: ['time', 'uuid'],
    columns: `ARRAY[${exactTime('created_at')}, id::text] AS place, id, actions, state, results,
      created_at AS "createdAt", decided_at AS "decidedAt"`,
    from: 'proposals WHERE by = $1',
  },
  {
    kind: 'usage',
    key: 'subject, starts_at',
    shape: ['text', 'time'],
    columns: `ARRAY[subject, ${exactTime('starts_at')}] AS place, subject,
      starts_at AS "startsAt", requests, tokens`,
    from: `usage WHERE subject IN ${SUBJECTS}`,
  },
];

const TYPES = { uuid: 'uuid', time: 'timestamptz', text: 'text', number: 'bigint' } as const;

export async function exported(
  db: Db,
  login: string,
  { limit, cursor }: PageWish,
): Promise<Page<{ kind: string; item: unknown }>> {
  const size = pageSize(limit);
  const [first, inner] = placeOf(cursor, ['text', 'text']);
  const start = typeof first === 'string' ? KINDS.findIndex(({ kind }) => kind === first) : 0;
  if (start < 0) throw new BadCursor();
  const items: { kind: string; item: unknown }[] = [];
  let within = inner ? { cursor: inner } : {};
  for (const one of KINDS.slice(start)) {
    // Full at the end of a kind: the next page begins with this one.
    if (items.length === size) return { items, next: cursorOf([one.kind, '']) };
    const page = await pageOfKind(db, one, login, { limit: size - items.length, ...within });
    items.push(...page.items.map((item) => ({ kind: one.kind, item })));
    if (page.next !== null) return { items, next: cursorOf([one.kind, page.next]) };
    within = {};
  }
  return { items, next: null };
}

async function pageOfKind(
  db: Db,
  { key, shape, columns, from }: Kind,
  login: string,
  { limit, cursor }: PageWish,
): Promise<Page<unknown>> {
  const place = cursor === undefined ? [] : placeOf(cursor, shape);
  const given = shape.map((kind, i) => `$${i + 3}::${TYPES[kind]}`).join(', ');
  const rows = await db.query<Row>(
    `SELECT ${columns} FROM ${from} ${cursor === undefined ? '' : `AND (${key}) > (${given})`}
      ORDER BY ${key} LIMIT $2`,
    [login, limit + 1, ...place],
  );
  return pageOf(
    rows,
    limit,
    ({ place: _place, ...item }) => item,
    (row) => row.place,
  );
}
