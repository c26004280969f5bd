/** Tickets in memory, for tests of the doors. They misbehave on request; the contract suite runs over them. */
import { ERASED } from '../../activities/store/erased.js';
import { BadCursor } from '../../activities/store/errors.js';
import type { Ticket, TicketStatus } from '../../workflows/domain/ticket.js';
import type { TicketPage, TicketQuery, TicketStorage } from './tickets.ports.js';

export class FakeTickets implements TicketStorage {
  kind: TicketStorage['kind'] = 'store';
  readonly kept = new Map<string, Ticket>();
  /** Thrown by every call until it is taken back. */
  trouble: Error | undefined;
  /** Called before each call: a test may throw here, for some calls and not for others. */
  before: (method: string) => void = () => {};

  async save(ticket: Ticket): Promise<boolean> {
    this.misbehave('save');
    if (this.kept.has(ticket.id)) return false;
    const { createdAt, updatedAt, ...rest } = structuredClone(ticket);
    const times = { createdAt: exact(createdAt), updatedAt: exact(updatedAt) };
    this.kept.set(ticket.id, { ...rest, ...times });
    return true;
  }

  async get(id: string): Promise<Ticket | undefined> {
    this.misbehave('get');
    return structuredClone(this.kept.get(id));
  }

  async exists(id: string): Promise<boolean> {
    this.misbehave('exists');
    return this.kept.has(id);
  }

  async list(query: TicketQuery): Promise<TicketPage> {
    this.misbehave('list');
    const after = query.cursor === undefined ? undefined : placeOf(query.cursor);
    const all = [...this.kept.values()]
      .filter((one) => fits(one, query))
      .sort((a, b) => order(b, a))
      .filter((one) => after === undefined || order(one, after) < 0);
    const items = all.slice(0, query.limit);
    const last = all.length > query.limit ? items.at(-1) : undefined;
    return { items: structuredClone(items), next: last ? cursorOf(last) : null };
  }

  async setStatus(id: string, status: TicketStatus): Promise<Ticket | undefined> {
    this.misbehave('setStatus');
    if (this.kept.get(id)?.status === status) return structuredClone(this.kept.get(id));
    return this.change(id, { status, updatedAt: new Date().toISOString() });
  }

  async ofUser(login: string, cursor?: string): Promise<TicketPage> {
    return this.list({ createdBy: login, limit: 200, ...(cursor === undefined ? {} : { cursor }) });
  }

  async blank(id: string): Promise<void> {
    this.misbehave('blank');
    const nothing = { subject: '', body: '', extra: {}, conversationId: null };
    this.change(id, { ...nothing, createdBy: ERASED });
  }

  async ping(): Promise<void> {
    this.misbehave('ping');
  }

  private change(id: string, fields: Partial<Ticket>): Ticket | undefined {
    const found = this.kept.get(id);
    if (!found) return undefined;
    const changed = { ...found, ...fields };
    this.kept.set(id, changed);
    return structuredClone(changed);
  }

  private misbehave(method: string): void {
    if (this.trouble) throw this.trouble;
    this.before(method);
  }
}

type Place = Pick<Ticket, 'createdAt' | 'id'>;

const exact = (time: string) => new Date(time).toISOString();
const order = (a: Place, b: Place) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id);
const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function fits(one: Ticket, { status, channel, createdBy, from, until }: TicketQuery): boolean {
  return (
    (status === undefined || one.status === status) &&
    (channel === undefined || one.channel === channel) &&
    (createdBy === undefined || one.createdBy === createdBy) &&
    (from === undefined || one.createdAt >= exact(from)) &&
    (until === undefined || one.createdAt < exact(until))
  );
}

function cursorOf({ createdAt, id }: Ticket): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
}

function placeOf(cursor: string): Place {
  try {
    const [createdAt, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (typeof createdAt === 'string' && typeof id === 'string') return { createdAt, id };
  } catch {
    // Not JSON: not a cursor of ours either.
  }
  throw new BadCursor();
}
