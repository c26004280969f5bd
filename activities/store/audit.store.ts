/** Who did what to what: every command and every decision. */
import { type DataSource, LessThan } from 'typeorm';
import { pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { AuditEntity } from './entities/audit.entity.js';
import { reaching } from './errors.js';
import type { AuditStore } from './store.ports.js';
import { clean, toJson } from './text.js';

export function createAudit(db: Db, source: DataSource): AuditStore {
  const entries = source.getRepository(AuditEntity);
  return {
    add: async ({ by, action, subject, detail = {} }) => {
      await db.query('INSERT INTO audit (by, action, subject, detail) VALUES ($1, $2, $3, $4)', [
        by,
        action,
        clean(subject),
        toJson(detail),
      ]);
    },

    list: ({ limit, cursor }) =>
      reaching(async () => {
        const size = pageSize(limit);
        const [before] = placeOf(cursor, ['number']);
        const rows = await entries.find({
          where: before ? { id: LessThan(Number(before)) } : {},
          order: { id: 'DESC' },
          take: size + 1,
        });
        return pageOf(
          rows,
          size,
          ({ id, at, by, action, subject, detail }) => ({
            id: String(id),
            at,
            by,
            action,
            subject,
            detail,
          }),
          (row) => [String(row.id)],
        );
      }),
  };
}
