/** Reading logs in pieces that fit into memory, however large the chunks are. */
import type { Queries } from './db.js';
import type { LogRow } from './store.ports.js';

/** Log chunks of one answer. */
const MAX_LOGS = 1_000;
/** Text of one answer, bytes; one chunk is given however large it is. */
const MAX_TEXT_BYTES = 1_048_576;

const LOG = 'run_id AS "runId", position, step, attempt, stream, at, text';

export interface LogRange {
  runId: string;
  step?: string;
  after: number;
  /** The last position that counts; without it, all. */
  upTo?: number;
  /** Chunks. */
  limit: number;
}

/** Chunks of a range from its beginning, in order; `isAll` when none of the range is left. */
export async function readLogs(
  db: Queries,
  { runId, step, after, upTo, limit }: LogRange,
): Promise<{ chunks: LogRow[]; isAll: boolean }> {
  const values: unknown[] = [runId, after, checked(limit), MAX_TEXT_BYTES];
  const ofStep = step === undefined ? '' : `AND step = $${values.push(step)}`;
  const within = upTo === undefined ? '' : `AND position <= $${values.push(upTo)}`;
  const rows = await db.query<LogRow & { found: number }>(
    `SELECT ${LOG}, found FROM (
       SELECT *, count(*) OVER () AS found,
              sum(octet_length(text)) OVER (ORDER BY position) - octet_length(text) AS before
         FROM (SELECT * FROM log_chunks WHERE run_id = $1 AND position > $2 ${ofStep} ${within}
                ORDER BY position LIMIT $3) chunks) sized
      WHERE before < $4 ORDER BY position`,
    values,
  );
  const found = rows[0]?.found ?? 0;
  return {
    chunks: rows.map(({ found: _found, ...chunk }) => chunk),
    isAll: found < limit && rows.length === found,
  };
}

function checked(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LOGS) return limit;
  throw new RangeError(`ask for 1 to ${MAX_LOGS} log chunks, not ${limit}`);
}
