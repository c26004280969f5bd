import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BadCursor } from '../store/errors.js';
import { DynamoTickets } from './dynamodb.adapter.js';
import { DynamoConnection } from './dynamodb.client.js';
import { INDEXES, SORT_KEY, TABLE_KEY } from './dynamodb.items.js';
import { type LocalDynamo, localDynamo, template } from './dynamodb.testing.js';
import { aTicket, holdsTheContract } from './tickets.contract.js';
import { TicketsUnavailable } from './tickets.errors.js';

let dynamo: LocalDynamo;
let tickets: DynamoTickets;
beforeAll(async () => {
  dynamo = await localDynamo();
  tickets = new DynamoTickets(dynamo.connection);
});
afterAll(() => dynamo?.stop());

holdsTheContract('DynamoDB', async () => tickets);

describe('a list of DynamoDB', () => {
  it('goes on behind items that do not fit', async () => {
    const from = '2027-01-01T00:00:00.000Z';
    const many = Array.from({ length: 250 }, (_, i) =>
      aTicket({
        id: `needle-${i}`,
        status: 'in-progress',
        channel: i === 0 ? 'phone' : 'api',
        createdAt: new Date(Date.parse(from) + i).toISOString(),
      }),
    );
    await Promise.all(many.map((one) => tickets.save(one)));
    const query = { status: 'in-progress', channel: 'phone', from, limit: 5 } as const;
    const { items, next } = await tickets.list(query);
    expect([items.map(({ id }) => id), next]).toEqual([['needle-0'], null]);
  });

  it('refuses the cursor of another list', async () => {
    const { next } = await tickets.list({ status: 'in-progress', limit: 1 });
    const cursor = next ?? '';
    await expect(tickets.list({ limit: 1, cursor })).rejects.toThrow(BadCursor);
    const other = tickets.list({
      status: 'in-progress',
      until: '2020-01-01T00:00:00Z',
      limit: 1,
      cursor,
    });
    await expect(other).rejects.toThrow(BadCursor);
  });
});

describe('tickets that are too old', () => {
  it('go when nobody has changed them since, a few at a time', async () => {
    const at = '2020-01-01T00:00:00.000Z';
    const old = Array.from({ length: 30 }, (_, i) =>
      aTicket({ id: `old-${i}`, createdAt: at, updatedAt: at }),
    );
    await Promise.all(old.map((one) => tickets.save(one)));
    await tickets.setStatus('old-7', 'closed');
    const before = new Date('2021-01-01T00:00:00.000Z');
    const counts = [await tickets.expire(before, 20), await tickets.expire(before, 20)];
    expect([...counts, await tickets.expire(before, 20)]).toEqual([20, 9, 0]);
    expect(await tickets.exists('old-7')).toBe(true);
    expect(await tickets.exists('old-8')).toBe(false);
  });
});

describe('what an item holds', () => {
  it('is read although another system wrote it with less', async () => {
    await dynamo.connection.call((sdk, send) =>
      send(
        new sdk.PutItemCommand({
          TableName: dynamo.settings.table,
          Item: {
            [TABLE_KEY]: { S: 'foreign' },
            [SORT_KEY]: { S: '2026-01-01T00:00:00.000Z' },
            status: { S: 'open' },
            extra: { M: { score: { N: '3.14' }, tags: { SS: ['a'] }, sizes: { NS: ['1', '2'] } } },
          },
        }),
      ),
    );
    expect(await tickets.get('foreign')).toMatchObject({
      id: 'foreign',
      subject: '',
      updatedAt: '2026-01-01T00:00:00.000Z',
      extra: { score: 3.14, tags: ['a'], sizes: [1, 2] },
    });
  });
});

describe('when DynamoDB cannot be used', () => {
  const refused = (connection: DynamoConnection) =>
    new DynamoTickets(connection).get('t-1').then(
      () => undefined,
      (error: TicketsUnavailable) => error,
    );

  it('says that nobody listens, after its own retries', async () => {
    const url = 'http://127.0.0.1:1';
    const away = await refused(new DynamoConnection({ ...dynamo.settings, url }));
    expect(away).toBeInstanceOf(TicketsUnavailable);
    expect(away?.help).toContain('SLIPWAY_DYNAMODB_URL');
  });

  it('says which template makes the table that is missing', async () => {
    const away = await refused(new DynamoConnection({ ...dynamo.settings, table: 'none' }));
    expect(away).toBeInstanceOf(TicketsUnavailable);
    expect([away?.message, away?.help]).toEqual([
      expect.stringContaining('table "none"'),
      expect.stringContaining('manifests/aws/dynamodb-table.yaml'),
    ]);
    await expect(
      new DynamoTickets(new DynamoConnection({ ...dynamo.settings, table: 'none' })).ping(),
    ).rejects.toThrow(TicketsUnavailable);
  });

  it('gives up on one that hangs', async () => {
    const impatient = new DynamoConnection({ ...dynamo.settings, callLimitMs: 300 });
    dynamo.signal('SIGSTOP');
    try {
      expect(await refused(impatient)).toBeInstanceOf(TicketsUnavailable);
    } finally {
      dynamo.signal('SIGCONT');
    }
    await tickets.ping();
  });
});

describe('the table of manifests/aws', () => {
  const { Properties, DeletionPolicy } = template().Resources.Tickets;

  it('has the keys and indexes that are asked for', () => {
    const hash = (name: string) => ({ AttributeName: name, KeyType: 'HASH' });
    const range = { AttributeName: SORT_KEY, KeyType: 'RANGE' };
    expect(Properties.KeySchema).toEqual([hash(TABLE_KEY)]);
    expect(Properties.GlobalSecondaryIndexes).toEqual(
      Object.entries(INDEXES).map(([key, IndexName]) => ({
        IndexName,
        KeySchema: [hash(key), range],
        Projection: { ProjectionType: 'ALL' },
      })),
    );
    const attributes = [TABLE_KEY, ...Object.keys(INDEXES), SORT_KEY];
    expect(Properties.AttributeDefinitions).toEqual(
      attributes.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    );
  });

  it('is paid by request, encrypted, kept, and can be put back to any moment', () => {
    expect([
      Properties.BillingMode,
      Properties.SSESpecification.SSEType,
      DeletionPolicy,
      Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled,
    ]).toEqual(['PAY_PER_REQUEST', 'KMS', 'Retain', true]);
  });

  it('raises an alarm, and lets the adapter do what it does and nothing else', () => {
    const { Errors, Access } = template().Resources;
    expect(Errors.Type).toBe('AWS::CloudWatch::Alarm');
    expect(Access.Properties.PolicyDocument.Statement[0].Action.sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:DescribeTable',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
  });
});
