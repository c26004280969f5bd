/** Everything of one person: shown to them, erased for them, and forgotten in time. */
import type { PrivacyStore } from './chat.ports.js';
import type { Db } from './db.js';
import { erase } from './privacy.erase.js';
import { expire } from './privacy.expire.js';
import { exported } from './privacy.export.js';
import { keepReport, reports } from './privacy.reports.js';

export function createPrivacy(db: Db): PrivacyStore {
  return {
    exported: (login, page) => exported(db, login, page),
    erase: (login, askedBy) => erase(db, login, askedBy),
    keepReport: (id, report) => keepReport(db, id, report),
    reports: (query) => reports(db, query),
    expire: (before, limit) => expire(db, before, limit),
  };
}
