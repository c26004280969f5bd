/**
 * Tickets in DynamoDB. Reads by id are consistent; lists read indexes, which follow a write within
 * about a second. Every write also writes four indexes, and a list without a filter asks four partitions.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Ticket, TicketStatus } from '../../workflows/domain/ticket.js';
import { ERASED } from '../store/erased.js';
import { type DynamoConnection, isConditionFailed } from './dynamodb.client.js';
import { INDEXES, type Item, shards, TABLE_KEY, toItem, toTicket } from './dynamodb.items.js';
import { merged } from './dynamodb.lanes.js';
import { laneReader } from './dynamodb.query.js';
import { TicketsUnavailable } from './tickets.errors.js';
import type { ExpiringTickets, TicketPage, TicketQuery, TicketStorage } from './tickets.ports.js';

/** Tickets of one page of a person's export. */
const EXPORT_PAGE = 200;
/** Deletes at once. */
const DELETES_AT_ONCE = 8;

export class DynamoTickets implements TicketStorage, ExpiringTickets {
  readonly kind = 'dynamodb';

  constructor(private readonly connection: DynamoConnection) {}

  async save(ticket: Ticket): Promise<boolean> {
    try {
      await this.connection.call((sdk, send) =>
        send(
          new sdk.PutItemCommand({
            TableName: this.connection.table,
            Item: toItem(ticket),
            ConditionExpression: 'attribute_not_exists(#key)',
            ExpressionAttributeNames: { '#key': TABLE_KEY },
          }),
        ),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  async get(id: string): Promise<Ticket | undefined> {
    const item = await this.read(id);
    return item && toTicket(item);
  }

  async exists(id: string): Promise<boolean> {
    return (await this.read(id, TABLE_KEY)) !== undefined;
  }

  async list({ limit, cursor, ...filter }: TicketQuery): Promise<TicketPage> {
    const { createdBy, status, channel } = filter;
    const fields = Object.entries({ created_by: createdBy, status, channel }).filter(
      (field): field is [string, string] => field[1] !== undefined,
    );
    const [first, ...others] = fields;
    const [key, partitions] = first ? [first[0], [first[1]]] : ['shard', shards];
    const times = { from: filter.from, until: filter.until };
    const wanted = { key: key as keyof typeof INDEXES, times, others, limit };
    const reader = laneReader(this.connection, wanted, partitions.length);
    if (reader === undefined) return { items: [], next: null };
    const { items, next } = await merged(reader, partitions, { limit, cursor });
    return { items: items.map(toTicket), next };
  }

  async setStatus(id: string, status: TicketStatus): Promise<Ticket | undefined> {
    const at = { S: new Date().toISOString() };
    const changed = await this.update(id, { status: { S: status }, updated_at: at }, 'status');
    return changed ?? this.get(id);
  }

  ofUser(login: string, cursor?: string): Promise<TicketPage> {
    const place = cursor === undefined ? {} : { cursor };
    return this.list({ createdBy: login, limit: EXPORT_PAGE, ...place });
  }

  async blank(id: string): Promise<void> {
    await this.update(id, {
      subject: { S: '' },
      body: { S: '' },
      extra: { M: {} },
      conversation_id: { NULL: true },
      created_by: { S: ERASED },
    });
  }

  /** @throws {TicketsUnavailable} also when the table lacks an index, or is not active. */
  async ping(): Promise<void> {
    const { table } = this.connection;
    const { Table } = await this.connection.call((sdk, send) =>
      send(new sdk.DescribeTableCommand({ TableName: table })),
    );
    const state = Table?.TableStatus ?? 'absent';
    const present = new Set(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName));
    const missing = Object.values(INDEXES).filter((name) => !present.has(name));
    if (missing.length === 0 && ['ACTIVE', 'UPDATING'].includes(state)) return;
    const what = missing.length > 0 ? `lacks ${missing.join(', ')}` : `is ${state}`;
    throw new TicketsUnavailable(
      new Error(`table "${table}" ${what}`),
      'Bring it up to date with manifests/aws/dynamodb-table.yaml.',
    );
  }

  async expire(before: Date, limit: number): Promise<number> {
    const until = before.toISOString();
    let deleted = 0;
    for (const shard of shards) {
      const wanted = { key: 'shard' as const, times: { until }, others: [], limit };
      const reader = laneReader(this.connection, wanted, 1, { changedBefore: until });
      if (reader === undefined) break;
      const found = await merged(reader, [shard], { limit: limit - deleted, cursor: undefined });
      deleted += await this.remove(
        found.items.map((item) => item[TABLE_KEY]?.S ?? ''),
        until,
      );
      if (deleted >= limit) break;
    }
    return deleted;
  }

  /** Only what nobody has changed since it was found. */
  private async remove(ids: string[], changedBefore: string): Promise<number> {
    let deleted = 0;
    for (let at = 0; at < ids.length; at += DELETES_AT_ONCE) {
      const some = ids.slice(at, at + DELETES_AT_ONCE);
      const gone = await Promise.all(some.map((id) => this.removeOne(id, changedBefore)));
      deleted += gone.filter(Boolean).length;
    }
    return deleted;
  }

  private async removeOne(id: string, changedBefore: string): Promise<boolean> {
    try {
      await this.connection.call((sdk, send) =>
        send(
          new sdk.DeleteItemCommand({
            TableName: this.connection.table,
            Key: { [TABLE_KEY]: { S: id } },
            ConditionExpression: '#changed < :before',
            ExpressionAttributeNames: { '#changed': 'updated_at' },
            ExpressionAttributeValues: { ':before': { S: changedBefore } },
          }),
        ),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  private async read(id: string, only?: string): Promise<Item | undefined> {
    const some = only && {
      ProjectionExpression: '#only',
      ExpressionAttributeNames: { '#only': only },
    };
    const { Item: item } = await this.connection.call((sdk, send) =>
      send(
        new sdk.GetItemCommand({
          TableName: this.connection.table,
          Key: { [TABLE_KEY]: { S: id } },
          ConsistentRead: true,
          ...some,
        }),
      ),
    );
    return item;
  }

  /**
   * Undefined when there is no such ticket, or its attribute `unless` is what it shall be already.
   */
  private async update(
    id: string,
    fields: Record<string, AttributeValue>,
    unless?: string,
  ): Promise<Ticket | undefined> {
    const set = Object.entries(fields);
    const same = unless === undefined ? -1 : set.findIndex(([name]) => name === unless);
    const differs = same < 0 ? '' : ` AND #f${same} <> :v${same}`;
    try {
      const { Attributes } = await this.connection.call((sdk, send) =>
        send(
          new sdk.UpdateItemCommand({
            TableName: this.connection.table,
            Key: { [TABLE_KEY]: { S: id } },
            ConditionExpression: `attribute_exists(#key)${differs}`,
            UpdateExpression: `SET ${set.map((_, i) => `#f${i} = :v${i}`).join(', ')}`,
            ExpressionAttributeNames: {
              '#key': TABLE_KEY,
              ...Object.fromEntries(set.map(([name], i) => [`#f${i}`, name])),
            },
            ExpressionAttributeValues: Object.fromEntries(
              set.map(([, value], i) => [`:v${i}`, value]),
            ),
            ReturnValues: 'ALL_NEW',
          }),
        ),
      );
      return Attributes && toTicket(Attributes);
    } catch (error) {
      if (isConditionFailed(error)) return undefined;
      throw error;
    }
  }
}
