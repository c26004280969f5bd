/** A ticket as an item of DynamoDB, and back. Names of attributes and indexes are the table's contract. */
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Ticket, TicketChannel, TicketStatus } from '../../workflows/domain/ticket.js';

export type Item = Record<string, AttributeValue>;

/** Of the table: `manifests/aws/dynamodb-table.yaml` makes it so. */
export const TABLE_KEY = 'ticket_id';
export const SORT_KEY = 'created_at';
/** By what a list asks for: the partition key of its index. */
export const INDEXES = {
  status: 'status-created_at-index',
  channel: 'channel-created_at-index',
  created_by: 'created_by-created_at-index',
  shard: 'shard-created_at-index',
} as const;
export type IndexKey = keyof typeof INDEXES;

/**
 * Lists without a filter read that many partitions and merge them: one partition takes 1,000 writes a
 * second. Written into every item, so it never becomes fewer; more of them need every item written anew.
 */
export const SHARDS = 4;

export const shards: readonly string[] = Array.from({ length: SHARDS }, (_, i) => String(i));

export function shardOf(id: string): string {
  const [first = 0] = createHash('sha256').update(id).digest();
  return String(first % SHARDS);
}

export function toItem(ticket: Ticket): Item {
  return {
    [TABLE_KEY]: { S: ticket.id },
    [SORT_KEY]: { S: exactTime(ticket.createdAt) },
    shard: { S: shardOf(ticket.id) },
    status: { S: ticket.status },
    channel: { S: ticket.channel },
    subject: { S: ticket.subject },
    body: { S: ticket.body },
    conversation_id: ticket.conversationId === null ? { NULL: true } : { S: ticket.conversationId },
    created_by: { S: ticket.createdBy },
    updated_at: { S: exactTime(ticket.updatedAt) },
    extra: toAttribute(ticket.extra),
  };
}

/** What another system wrote into the same table comes without some attributes. */
export function toTicket(item: Item): Ticket {
  const text = (name: string) => item[name]?.S ?? '';
  const createdAt = text(SORT_KEY);
  return {
    id: text(TABLE_KEY),
    status: text('status') as TicketStatus,
    channel: text('channel') as TicketChannel,
    subject: text('subject'),
    body: text('body'),
    conversationId: item['conversation_id']?.S ?? null,
    createdBy: text('created_by'),
    createdAt,
    updatedAt: text('updated_at') || createdAt,
    extra: fieldsOf(item['extra']?.M),
  };
}

/** All times have the same form, so that their texts are in the order of time. */
export function exactTime(time: string): string {
  return new Date(time).toISOString();
}

/** JSON as DynamoDB's types. Numbers keep all digits of a double: DynamoDB has 38. */
export function toAttribute(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  if (value === null || typeof value !== 'object') return { NULL: true };
  const fields = Object.entries(value).map(([name, part]) => [name, toAttribute(part)] as const);
  return { M: Object.fromEntries(fields) };
}

/** The reverse; decimals become the nearest double, sets become lists. */
export function fromAttribute(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(fromAttribute);
  if (value.M !== undefined) return fieldsOf(value.M);
  if (value.SS !== undefined) return value.SS;
  if (value.NS !== undefined) return value.NS.map(Number);
  return null;
}

function fieldsOf(map: Item = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([name, part]) => [name, fromAttribute(part)]));
}
