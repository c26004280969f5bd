/** Answers that are whole already, each in a new conversation: those that come together go in together. */
import { inBatches } from '../platform/in-batches.js';
import type { Talk } from './chat.ports.js';
import type { Db } from './db.js';
import { StoreUnavailable } from './errors.js';
import { cleanSameLength, toJson } from './text.js';
import { ask } from './turns.ask.js';
import { LATER } from './turns.row.js';

/** Talks in one statement. */
export const MAX_TALKS = 100;

export function keepTalks(db: Db): (talk: Talk) => Promise<void> {
  return inBatches((talks) => keepAll(db, talks), MAX_TALKS);
}

async function keepAll(db: Db, talks: readonly Talk[]): Promise<(undefined | Error)[]> {
  const kept = await insert(db, talks);
  const keep = async (talk: Talk): Promise<undefined> => {
    if (!kept.has(talk.question.id)) await keepAlone(db, talk);
  };
  return Promise.all(talks.map((talk) => keep(talk).catch((error: Error) => error)));
}

/** Ids of the questions that were stored; none when one of all could not be. */
async function insert(db: Db, talks: readonly Talk[]): Promise<Set<string>> {
  const byConversation = new Map(talks.map((talk) => [talk.conversation.id.toLowerCase(), talk]));
  const firsts = [...byConversation.values()];
  const columns = [
    firsts.map(({ conversation }) => conversation.id),
    firsts.map(({ conversation }) => conversation.owner),
    firsts.map(({ by }) => by),
    firsts.map(({ replica }) => replica),
    firsts.map(({ question }) => question.id),
    firsts.map(({ question }) => cleanSameLength(question.text)),
    firsts.map(({ question }) => question.text.length),
    firsts.map(({ answer }) => answer.id),
    firsts.map(({ answer }) => cleanSameLength(answer.text)),
    firsts.map(({ answer }) => answer.text.length),
    firsts.map(({ answer }) => toJson(answer.meta)),
  ];
  try {
    const rows = await db.query<{ id: string }>(INSERT, columns, 'turns-keep');
    return new Set(rows.map(({ id }) => id));
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    return new Set(); // One is not as it must be; alone, each hears of itself.
  }
}

const INSERT = `
  WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[],
                         $5::uuid[], $6::text[], $7::integer[],
                         $8::uuid[], $9::text[], $10::integer[], $11::jsonb[])
      AS talk (id, owner, by, replica, question, asked, asked_chars, answer, said, said_chars, meta)),
  opened AS (
    INSERT INTO conversations (id, kind, owner, position)
    SELECT id, 'private', owner, 2 FROM given ON CONFLICT DO NOTHING RETURNING id),
  talk AS (SELECT given.* FROM given JOIN opened ON opened.id = given.id),
  turn AS (
    INSERT INTO turns (id, conversation_id, parent_id, role, by, status, text, chars, position,
                       meta, replica, attempts, created_at, finished_at)
    SELECT question, id, NULL::uuid, 'user', by, 'done', asked, asked_chars, 1,
           '{}'::jsonb, NULL, 0, now(), now() FROM talk
    UNION ALL
    SELECT answer, id, question, 'assistant', by, 'done', said, said_chars, 2,
           meta, replica, 1, ${LATER}, ${LATER} FROM talk)
  SELECT question AS id FROM talk`;

/** Its conversation was there already, or is that of another talk of the same moment. */
async function keepAlone(db: Db, talk: Talk): Promise<void> {
  const { conversation, by, question, answer, replica } = talk;
  const of = { conversationId: conversation.id, by };
  const { text, meta } = answer;
  await ask(
    db,
    { ...of, ...question, parentId: null },
    { ...of, id: answer.id, parentId: question.id, wish: null, replica, done: { text, meta } },
    { kind: 'private', owner: conversation.owner, title: '' },
  );
}
