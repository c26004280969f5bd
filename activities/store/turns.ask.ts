/** A question and its answer come into being in one statement: both, or neither. */
import type { TurnRow, TurnsStore } from './chat.ports.js';
import { isUuid } from './cursor.js';
import type { Db } from './db.js';
import { IdTaken, Missing } from './errors.js';
import { CHANNEL } from './notifications.js';
import { clean, cleanSameLength, toJson } from './text.js';
import { LATER, TURN } from './turns.row.js';

/** Of PostgreSQL: a row has that key already. */
const KEY_TAKEN = '23505';

type Asking = Parameters<TurnsStore['ask']>;
type Asked = Awaited<ReturnType<TurnsStore['ask']>>;

export async function ask(db: Db, ...[question, answer, opening]: Asking): Promise<Asked> {
  if (question !== null && answer.parentId !== question.id) {
    throw new Error(`answer "${answer.id}" must have its question "${question.id}" as its parent`);
  }
  const given = { question, answer, opening };
  for (const id of [answer.conversationId, answer.id, answer.parentId, question?.parentId]) {
    if (typeof id === 'string' && !isUuid(id)) throw new Missing('turn', id);
  }
  const rows = (await insert(db, given)) ?? (await asBefore(db, given));
  const byId = new Map(rows.map((row) => [row.id, row]));
  const asked = byId.get(answer.id.toLowerCase());
  if (!asked) throw new Error('PostgreSQL kept an answer and returned no row');
  return { question: byId.get(question?.id.toLowerCase() ?? '') ?? null, answer: asked };
}

interface Given {
  question: Asking[0];
  answer: Asking[1];
  opening: Asking[2];
}

/**
 * Undefined when nothing was done: an id is taken, or what the turns belong to is not there. The
 * statement waits for the conversation's row, so positions are committed in order. Of a conversation
 * that it opens nobody is told: none can follow it yet, and who tells waits for all others who tell.
 */
async function insert(
  db: Db,
  { question, answer, opening }: Given,
): Promise<TurnRow[] | undefined> {
  const { done } = answer;
  const text = cleanSameLength(done?.text ?? '');
  const parts = [
    answer.conversationId,
    question?.id ?? null,
    question === null ? answer.parentId : question.parentId,
    question?.by ?? null,
    cleanSameLength(question?.text ?? ''),
    (question?.text ?? '').length,
    answer.id,
    answer.parentId,
    answer.by,
    done ? 'done' : 'queued',
    text,
    text.length,
    toJson(done?.meta ?? {}),
    done ? null : toJson(answer.wish),
    answer.replica,
    question === null ? 1 : 2,
    opening?.kind ?? null,
    opening?.owner ?? null,
    clean(opening?.title ?? ''),
  ];
  try {
    const rows = await db.query<TurnRow & { told: unknown }>(INSERT, parts);
    return rows.length > 0 ? rows.map(({ told: _told, ...row }) => row) : undefined;
  } catch (error) {
    if ((error as { code?: string }).code === KEY_TAKEN) return undefined;
    throw error;
  }
}

const INSERT = `
  WITH opened AS (
    INSERT INTO conversations (id, kind, owner, title, position)
    SELECT $1::uuid, $17::text, $18::text, $19::text, $16::integer
     WHERE $17 IS NOT NULL AND $3::uuid IS NULL
        ON CONFLICT DO NOTHING RETURNING id, position),
  moved AS (
    UPDATE conversations SET position = position + $16, updated_at = now()
     WHERE id = $1 AND ($17 IS NULL OR (kind = $17 AND owner = $18))
       AND NOT EXISTS (SELECT FROM turns WHERE id = $7)
       AND ($3::uuid IS NULL
            OR EXISTS (SELECT FROM turns WHERE id = $3 AND conversation_id = $1))
    RETURNING id, position),
  place AS (SELECT * FROM opened UNION ALL SELECT * FROM moved),
  question AS (
    INSERT INTO turns (id, conversation_id, parent_id, role, by, status, text, chars, position,
                       finished_at)
    SELECT $2::uuid, id, $3, 'user', $4::text, 'done', $5::text, $6::integer, position - 1, now()
      FROM place WHERE $2 IS NOT NULL
    RETURNING ${TURN}),
  answer AS (
    INSERT INTO turns (id, conversation_id, parent_id, role, by, status, text, chars, position,
                       meta, wish, replica, attempts, created_at, finished_at)
    SELECT $7::uuid, id, $8::uuid, 'assistant', $9::text, $10::text, $11::text, $12::integer,
           position, $13::jsonb, $14::jsonb, $15::integer, 1,
           ${LATER}, CASE WHEN $10 = 'done' THEN ${LATER} END
      FROM place
    RETURNING ${TURN})
  SELECT t.*, (SELECT pg_notify('${CHANNEL}', 'conversation:' || id) FROM moved) AS told
    FROM (SELECT * FROM question UNION ALL SELECT * FROM answer) t`;

/** What an earlier try made, or why it cannot be made. */
async function asBefore(db: Db, { question, answer, opening }: Given): Promise<TurnRow[]> {
  const ids = [answer.id, ...(question === null ? [] : [question.id])];
  const there = await db.query<TurnRow>(`SELECT ${TURN} FROM turns WHERE id = ANY($1)`, [ids]);
  const here = there.filter((row) => isSame(row, answer) || isSame(row, question));
  if (here.length === ids.length) return here;
  const other = there[0];
  if (other) throw new IdTaken('turn', other.id);
  const [conversation] = await db.query('SELECT FROM conversations WHERE id = $1', [
    answer.conversationId,
  ]);
  if (!conversation) throw new Missing('conversation', answer.conversationId);
  if (opening) throw new IdTaken('conversation', answer.conversationId);
  const parent = question === null ? answer.parentId : question.parentId;
  throw new Missing('turn', parent ?? answer.conversationId);
}

function isSame(row: TurnRow, given: Given['question'] | Given['answer']): boolean {
  return (
    row.id === given?.id.toLowerCase() &&
    row.conversationId === given.conversationId.toLowerCase() &&
    row.parentId === (given.parentId?.toLowerCase() ?? null) &&
    row.by === given.by
  );
}
