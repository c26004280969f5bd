/** Columns of a turn as `TurnRow` names them, and the states in which an answer is still made. */

export const TURN = turnColumns('');

/** Of a table that stands under `alias` in the statement. */
export function turnColumns(alias: string): string {
  const of = alias === '' ? '' : `${alias}.`;
  return `${of}id, ${of}conversation_id AS "conversationId", ${of}parent_id AS "parentId", ${of}role,
    ${of}by, ${of}status, ${of}text, ${of}position, ${of}meta, ${of}failure, ${of}attempts,
    ${of}created_at AS "createdAt", ${of}finished_at AS "finishedAt"`;
}

export const OPEN = `status IN ('queued', 'answering')`;

/** When an answer came, than its question of the same moment: an order by time is the order of the talk. */
export const LATER = `now() + interval '1 microsecond'`;
