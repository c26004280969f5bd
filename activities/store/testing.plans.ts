/** What PostgreSQL does for a call of the store: how it finds rows, and how many it looks at. */
import type pg from 'pg';

interface Statement {
  sql: string;
  values: unknown[];
}

/** One way in which a statement reads a table. */
export interface Look {
  table: string;
  /** Like `Index Scan`, `Index Only Scan`, `Bitmap Heap Scan`, `Seq Scan`. */
  how: string;
  index: string | null;
  /** Rows that were read, those that a filter then dropped among them. */
  rows: number;
}

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  /** Absent where the statement was not carried out. */
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Node[];
}

/**
 * Does `work` and returns how its statements read tables. Statements that only read are carried out
 * once more for that, and their rows counted; of those that write, only the plan is looked at.
 */
export async function looksOf(pool: pg.Pool, work: () => Promise<unknown>): Promise<Look[]> {
  const looks: Look[] = [];
  for (const { sql, values } of await statementsOf(pool, work)) {
    if (!isPlanned(sql)) continue;
    const how = isReading(sql) ? 'ANALYZE, FORMAT JSON' : 'FORMAT JSON';
    const answer = await pool.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `EXPLAIN (${how}) ${sql}`,
      values,
    );
    looks.push(...answer.rows.flatMap((row) => looksIn(row['QUERY PLAN'][0].Plan)));
  }
  return looks;
}

/** Those that no index found, or that read more rows than `most`. */
export function dearOf(looks: readonly Look[], most: number): Look[] {
  return looks.filter(({ index, rows }) => index === null || rows > most);
}

/** Every statement that clients of the pool send meanwhile. */
async function statementsOf(pool: pg.Pool, work: () => Promise<unknown>): Promise<Statement[]> {
  const heard: Statement[] = [];
  const restore: (() => void)[] = [];
  const listen = (client: pg.PoolClient) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    const listening = (...given: unknown[]) => {
      heard.push(statementOf(given));
      return query(...given);
    };
    client.query = listening as typeof client.query;
    restore.push(() => {
      client.query = query as typeof client.query;
    });
  };
  pool.on('acquire', listen);
  try {
    await work();
  } finally {
    pool.off('acquire', listen);
    for (const undo of restore.reverse()) undo();
  }
  return heard;
}

/** Store and TypeORM ask in two ways: with an object, and with a text and its values. */
function statementOf([asked, given]: unknown[]): Statement {
  const { text, values } =
    typeof asked === 'string' ? { text: asked, values: given } : (asked as pg.QueryConfig);
  return { sql: text, values: Array.isArray(values) ? values : [] };
}

function isPlanned(sql: string): boolean {
  return /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(sql);
}

/** A SELECT that locks rows may be carried out again just as well. */
function isReading(sql: string): boolean {
  return /^\s*SELECT\b/i.test(sql);
}

function looksIn(node: Node): Look[] {
  const below = (node.Plans ?? []).flatMap(looksIn);
  const table = node['Relation Name'];
  if (table === undefined || !node['Node Type'].includes('Scan')) return below;
  const perLoop =
    (node['Actual Rows'] ?? 0) +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0);
  return [
    {
      table,
      how: node['Node Type'],
      index: indexOf(node) ?? null,
      rows: Math.round(perLoop * (node['Actual Loops'] ?? 0)),
    },
    ...below,
  ];
}

/** A bitmap may be made from several: the first stands for them. */
function indexOf(node: Node): string | undefined {
  if (node['Index Name'] !== undefined) return node['Index Name'];
  if (!node['Node Type'].startsWith('Bitmap')) return undefined;
  return (node.Plans ?? []).map(indexOf).find((name) => name !== undefined);
}
