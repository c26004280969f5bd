/**
 * Tickets of a JSON store, as ours. Three shapes of files are known: a list, a list under `tickets`, and
 * an object by id. Fields go by the names that such stores use; what we have no field for goes to `extra`.
 */
import { z } from 'zod';
import { Login } from '../../../workflows/domain/names.js';
import {
  Ticket,
  TicketBody,
  TicketChannel,
  TicketExtra,
  TicketId,
  TicketStatus,
  TicketSubject,
} from '../../../workflows/domain/ticket.js';
import { type Mapping, wordFor } from './words.js';

/** Tickets in one file. */
export const MAX_TICKETS = 1_000_000;
const MAX_SUBJECT_CHARS = 200;

/** One thing that is wrong with one ticket. */
export interface Finding {
  /** `ticket 3 ("T-7")`: counted from 1. */
  ticket: string;
  field: string;
  message: string;
}

/** Our fields, and what other stores call them; the first one that is there counts. */
const NAMES = {
  id: ['id', 'ticket_id', 'ticketId', '_id', 'uuid'],
  status: ['status', 'state'],
  channel: ['channel', 'source'],
  subject: ['subject', 'title', 'summary'],
  body: ['body', 'description', 'message', 'text', 'content'],
  createdBy: ['created_by', 'createdBy', 'author', 'user'],
  createdAt: ['created_at', 'createdAt', 'timestamp', 'date'],
  updatedAt: ['updated_at', 'updatedAt'],
} as const;
type Field = keyof typeof NAMES;

const SCHEMAS: { [F in Field]: z.ZodType } = {
  id: TicketId,
  status: TicketStatus,
  channel: TicketChannel,
  subject: TicketSubject.min(1),
  body: TicketBody,
  createdBy: Login,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
};

export interface Migrated {
  tickets: Ticket[];
  findings: Finding[];
}

/** @param importer whose tickets are that do not say whose they are in our words. */
export function ticketsOf(store: unknown, mapping: Mapping, importer: string): Migrated {
  const findings: Finding[] = [];
  const tickets: Ticket[] = [];
  const seen = new Map<string, number>();
  for (const [index, raw] of recordsOf(store).entries()) {
    const { ticket, wrong } = toTicket(raw, mapping, importer);
    const { id } = ticket;
    const name = `ticket ${index + 1}${typeof id === 'string' ? ` ("${id}")` : ''}`;
    findings.push(...wrong.map((one) => ({ ticket: name, ...one })));
    const first = typeof id === 'string' ? seen.get(id) : undefined;
    if (first !== undefined) {
      findings.push({ ticket: name, field: 'id', message: `is that of ticket ${first}, too` });
    } else if (typeof id === 'string') seen.set(id, index + 1);
    if (wrong.length === 0 && first === undefined) tickets.push(Ticket.parse(ticket));
  }
  return { tickets, findings };
}

/** @throws {Error} whose words say what the file should be. */
function recordsOf(store: unknown): unknown[] {
  const list = isObject(store) && Array.isArray(store['tickets']) ? store['tickets'] : store;
  const records = Array.isArray(list)
    ? (list as unknown[])
    : isObject(list)
      ? byId(list)
      : undefined;
  if (records === undefined) {
    throw new Error(
      'the file holds no tickets: it must be a list, an object by id, or {"tickets": …}',
    );
  }
  if (records.length > MAX_TICKETS) {
    throw new Error(`the file has ${records.length} tickets; at most ${MAX_TICKETS} go at once`);
  }
  return records;
}

function byId(store: Record<string, unknown>): unknown[] {
  const inner = isObject(store['tickets']) ? store['tickets'] : store;
  return Object.entries(inner).map(([id, one]) => (isObject(one) ? { id, ...one } : one));
}

type Wrong = Omit<Finding, 'ticket'>;

function toTicket(raw: unknown, mapping: Mapping, importer: string) {
  if (!isObject(raw)) {
    return {
      ticket: {} as Record<string, unknown>,
      wrong: [{ field: '', message: 'is no object' }],
    };
  }
  const found = fieldsOf(raw);
  const createdAt = timeOf(found.given.createdAt);
  const body = found.given.body ?? '';
  const { createdBy } = found.given;
  const isLogin = Login.safeParse(createdBy).success;
  // Whoever it was is not lost: an address or a name that is no login stays beside it.
  const author = isLogin || createdBy === undefined ? {} : { created_by: createdBy };
  const fields = {
    id: typeof found.given.id === 'number' ? String(found.given.id) : found.given.id,
    status: wordFor('status', found.given.status ?? 'open', mapping),
    channel: wordFor('channel', found.given.channel ?? 'api', mapping),
    subject: found.given.subject ?? firstLine(body),
    body,
    createdBy: isLogin ? createdBy : importer,
    createdAt,
    updatedAt: timeOf(found.given.updatedAt) ?? createdAt,
  };
  const extra = { ...author, ...found.rest };
  const wrong = Object.entries(SCHEMAS).flatMap(([field, schema]) =>
    wrongIn(field, schema, fields[field as Field]),
  );
  wrong.push(...wrongIn('extra', TicketExtra, extra));
  return { ticket: { ...fields, conversationId: null, extra } as Record<string, unknown>, wrong };
}

function fieldsOf(raw: Record<string, unknown>) {
  const rest = { ...raw };
  const given: { [F in Field]?: unknown } = {};
  for (const [field, names] of Object.entries(NAMES) as [Field, readonly string[]][]) {
    const name = names.find((one) => raw[one] !== undefined && raw[one] !== null);
    if (name === undefined) continue;
    given[field] = raw[name];
    delete rest[name];
  }
  return { given, rest };
}

function wrongIn(field: string, schema: z.ZodType, value: unknown): Wrong[] {
  if (value === undefined) return [{ field, message: 'is missing' }];
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(({ message }) => ({
    field,
    message: `${shown(value)}: ${message}`,
  }));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** ISO 8601 with or without a zone (then UTC), or seconds or milliseconds since 1970. */
function timeOf(value: unknown): unknown {
  if (typeof value === 'number') {
    const date = new Date(value > 1e11 ? value : value * 1_000);
    return Number.isNaN(date.getTime()) ? value : date.toISOString();
  }
  if (typeof value !== 'string') return value;
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
      value.trim(),
    );
  if (!match) return value;
  const [, day = '', time = '00:00', zone = 'Z'] = match;
  const date = new Date(`${day}T${time}${zone}`);
  const isReal = !Number.isNaN(date.getTime());
  return isReal ? date.toISOString() : value;
}

function firstLine(body: unknown): unknown {
  if (typeof body !== 'string') return undefined;
  const line = body.trim().split('\n')[0]?.trim() ?? '';
  if (line === '') return undefined;
  if (line.length <= MAX_SUBJECT_CHARS) return line;
  return `${line.slice(0, MAX_SUBJECT_CHARS - 1).toWellFormed()}…`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
