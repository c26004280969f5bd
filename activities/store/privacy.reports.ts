/** What is kept of erasures: counts, and who asked for them. */
import type { PrivacyStore } from './chat.ports.js';
import { exactTime, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { toJson } from './text.js';

type Wish = Parameters<PrivacyStore['reports']>[0];
type Reports = Awaited<ReturnType<PrivacyStore['reports']>>;

export async function keepReport(
  db: Db,
  id: string,
  report: Record<string, unknown>,
): Promise<void> {
  await db.query('UPDATE erasures SET report = $2 WHERE id = $1', [id, toJson(report)]);
}

export async function reports(db: Db, { login, limit, cursor }: Wish): Promise<Reports> {
  const size = pageSize(limit);
  const [time, id] = placeOf(cursor, ['time', 'uuid']);
  const rows = await db.query<Reports['items'][number] & { exact: string }>(
    `SELECT id, login, asked_by AS "askedBy", report, created_at AS "createdAt",
            ${exactTime('created_at')} AS exact FROM erasures
      WHERE ($1::text IS NULL OR login = $1)
        AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
      ORDER BY created_at DESC, id DESC LIMIT $4`,
    [login ?? null, time, id, size + 1],
  );
  return pageOf(
    rows,
    size,
    ({ exact: _exact, ...row }) => row,
    (row) => [row.exact, row.id],
  );
}
