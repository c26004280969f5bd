/** Takes a person's words out of everything that we keep, looks again, and keeps the proof. */
import { Inject, Injectable } from '@nestjs/common';
import { ERASED } from '../../activities/store/erased.js';
import type { ErasureRow, Store } from '../../activities/store/store.ports.js';
import type { Page } from '../client/wire.js';
import type { Erase, ErasureReport } from '../client/wire.privacy.js';
import { Audit } from '../platform/audit.js';
import { demand, may, type User } from '../platform/auth.js';
import { BadInput, NotFound } from '../platform/errors.js';
import { given } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { TICKETS, type TicketStorage } from '../tickets/tickets.ports.js';
import { summed } from './counts.js';
import { Memory } from './memory.js';
import { blankAll } from './tickets-elsewhere.js';

/** What no count can say. */
const NOTES = [
  'Lines of the audit stay: they say who did what and when, and hold no words of a message.',
  'Logs hold no words of messages, tickets or answers; there is nothing in them to erase.',
  'Engines keep evaluated prompts in memory only, until another conversation needs the room or the engine ends; none is on disk.',
  'Backups that were made before still hold what was erased, until they are removed.',
];

@Injectable()
export class ErasureService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(TICKETS) private readonly tickets: TicketStorage,
    private readonly memory: Memory,
    private readonly audit: Audit,
  ) {}

  /** Safe to repeat: it goes on where it was cut off, and erases what came since. */
  async erase({ login, confirm }: Erase, user: User): Promise<ErasureReport> {
    if (login !== user.login) demand(user, 'admin');
    if (confirm !== login) {
      throw new BadInput([{ field: 'confirm', message: 'must be the login once more' }]);
    }
    if (login === ERASED) throw new NotFound(`"${ERASED}" is nobody: it stands for who was erased`);
    const command = { by: user.login, action: 'privacy.erase', subject: `user/${login}` };
    return this.audit.during(command, () => this.eraseAll(login, user.login));
  }

  async reports(
    { login, ...page }: { login?: string; limit: number; cursor?: string },
    user: User,
  ): Promise<Page<ErasureReport>> {
    if (login !== undefined && login !== user.login) demand(user, 'admin');
    const whose = login ?? (may(user, 'admin') ? undefined : user.login);
    const { items, next } = await this.store.chat.privacy.reports(given({ ...page, login: whose }));
    return { items: items.map(view), next };
  }

  private async eraseAll(login: string, askedBy: string): Promise<ErasureReport> {
    const record = await this.store.chat.privacy.erase(login, askedBy);
    const elsewhere = await blankAll(this.tickets, login);
    const cached = await this.memory.forget(login);
    const parts = [record, elsewhere, cached];
    const erased = summed(parts.map((part) => part.erased));
    const left = summed(parts.map((part) => part.left));
    const isComplete = Object.values(left).every((count) => count === 0);
    const report = { isComplete, erased, left, notes: [...cached.notes, ...NOTES] };
    await this.store.chat.privacy.keepReport(record.id, report);
    return { id: record.id, login, askedBy, at: record.createdAt.toISOString(), ...report };
  }
}

/** One that was cut off has counts of our own store only, and is not complete. */
function view({ id, login, askedBy, createdAt, report }: ErasureRow): ErasureReport {
  const {
    isComplete = false,
    erased = {},
    left = {},
    notes = [],
  } = report as Partial<ErasureReport>;
  return { id, login, askedBy, at: createdAt.toISOString(), isComplete, erased, left, notes };
}
