/** Reads one partition of an index, newest first: what `dynamodb.lanes.ts` merges. */
import type { DynamoConnection } from './dynamodb.client.js';
import { exactTime, INDEXES, type IndexKey, SORT_KEY, TABLE_KEY } from './dynamodb.items.js';
import { type Place, placeIn, type Read } from './dynamodb.lanes.js';

/** Items that one query looks at where some of them may not fit. */
const LOOKED_AT = 200;

export interface Wanted {
  key: IndexKey;
  /** ISO 8601; at or after, and before. */
  times: { from?: string | undefined; until?: string | undefined };
  /** Attributes that must have these values beside the index's own. */
  others: readonly (readonly [name: string, value: string])[];
  limit: number;
}

/** Undefined when no time is both at or after `from` and before `until`. */
export function laneReader(
  connection: DynamoConnection,
  { key, times, others, limit }: Wanted,
  lanes: number,
  { changedBefore }: { changedBefore?: string } = {},
): Read | undefined {
  const range = rangeOf(times);
  if (range === undefined) return undefined;
  const equal = others.map(([name, value], i) => ({ name, value, word: `#o${i} = :o${i}`, i }));
  const filters = equal.map(({ word }) => word);
  if (changedBefore !== undefined) filters.push('updated_at < :changed');
  const isFiltered = filters.length > 0;
  const names = Object.fromEntries(equal.map(({ name, i }) => [`#o${i}`, name]));
  const values = Object.fromEntries(equal.map(({ value, i }) => [`:o${i}`, { S: value }]));
  return async (partition, after) => {
    const { Items = [], LastEvaluatedKey } = await connection.call((sdk, send) =>
      send(
        new sdk.QueryCommand({
          TableName: connection.table,
          IndexName: INDEXES[key],
          KeyConditionExpression: `#p = :p${range.words}`,
          ExpressionAttributeNames: { '#p': key, ...range.names, ...names },
          ExpressionAttributeValues: {
            ':p': { S: partition },
            ...range.values,
            ...values,
            ...(changedBefore === undefined ? {} : { ':changed': { S: changedBefore } }),
          },
          ...(isFiltered ? { FilterExpression: filters.join(' AND ') } : {}),
          ...(after === undefined ? {} : { ExclusiveStartKey: keyOf(key, partition, after) }),
          ScanIndexForward: false,
          Limit: isFiltered ? LOOKED_AT : share(limit, lanes),
        }),
      ),
    );
    return { items: Items, next: LastEvaluatedKey && placeIn(LastEvaluatedKey) };
  };
}

/** Of a page, what one lane probably adds: half as much again as its share. */
function share(limit: number, lanes: number): number {
  return lanes === 1 ? limit : Math.min(limit, Math.ceil((limit * 1.5) / lanes));
}

function keyOf(key: IndexKey, partition: string, [id, createdAt]: Place) {
  return { [TABLE_KEY]: { S: id }, [SORT_KEY]: { S: createdAt }, [key]: { S: partition } };
}

/** DynamoDB takes one condition on the sort key; BETWEEN includes both of its ends. */
function rangeOf({ from, until }: Wanted['times']) {
  const names = { '#c': SORT_KEY };
  if (from === undefined && until === undefined) return { words: '', names: {}, values: {} };
  if (until === undefined) {
    return { words: ' AND #c >= :from', names, values: { ':from': { S: exactTime(from ?? '') } } };
  }
  if (from === undefined) {
    return { words: ' AND #c < :until', names, values: { ':until': { S: exactTime(until) } } };
  }
  const last = new Date(Date.parse(until) - 1).toISOString();
  const first = exactTime(from);
  if (first > last) return undefined;
  const values = { ':from': { S: first }, ':until': { S: last } };
  return { words: ' AND #c BETWEEN :from AND :until', names, values };
}
