/** Chat that has grown for years, made in seconds: half a million turns, some of what is asked for rare. */
import type { ThrowAway } from './testing.js';

/** What the rows look like that a test asks for by name. */
export const TALKS = {
  conversations: 60_000,
  /** Owns every second private conversation. */
  busiest: 'user-0',
  /** Owns about 30. */
  usual: 'user-7',
  /** Of a room with 40,000 turns. */
  room: '00000000-0000-4000-8000-000000000001',
  /** Of turn `i`. */
  turn: (i: number) => `00000000-0000-4000-8001-${String(i).padStart(12, '0')}`,
  openTurns: 200,
  tickets: 100_000,
} as const;

const conversation = `('00000000-0000-4000-8000-' || lpad(%::text, 12, '0'))::uuid`;
const turn = `('00000000-0000-4000-8001-' || lpad(%::text, 12, '0'))::uuid`;
const idOf = (shape: string, number: string) => shape.replace('%', `(${number})`);
const START = `'2025-01-01'::timestamptz`;
const owner = `'user-' || CASE WHEN i % 2 = 0 THEN 0 ELSE i / 2 % 1000 END`;

const FILLS = [
  `INSERT INTO models (name, digest, bytes, source, kind, metadata, created_by)
     SELECT 'model-' || i, md5(i::text), i, 'file', 'base', '{}', 'user-1'
       FROM generate_series(1, 5000) i`,
  `INSERT INTO conversations (id, kind, owner, title, retention, position, oldest_at, created_at,
                              updated_at)
     SELECT ${idOf(conversation, 'i')}, CASE WHEN i % 20 = 1 THEN 'room' ELSE 'private' END, ${owner},
            'a talk', CASE WHEN i % 10 = 0 THEN 'legal' WHEN i % 9 = 0 THEN 'year' ELSE 'default' END,
            CASE WHEN i = 1 THEN 40000 ELSE 8 END, at, at, at
       FROM (SELECT i, ${START} + i * interval '1 minute' AS at
               FROM generate_series(1, ${TALKS.conversations}) i) given`,
  `INSERT INTO turns (id, conversation_id, parent_id, role, by, status, text, position, replica,
                      created_at)
     SELECT ${idOf(turn, 'i')}, ${idOf(conversation, 'c')},
            CASE WHEN i % 8 <> 1 THEN ${idOf(turn, 'i - 1')} END,
            CASE WHEN i % 2 = 1 THEN 'user' ELSE 'assistant' END, ${owner},
            CASE WHEN i > 520000 - ${TALKS.openTurns} THEN 'answering' ELSE 'done' END,
            'some words', CASE WHEN c = 1 THEN i ELSE i % 8 END, 1,
            ${START} + i * interval '1 second'
       FROM (SELECT i, CASE WHEN i <= 40000 THEN 1 ELSE (i - 40001) / 8 + 2 END AS c
               FROM generate_series(1, 520000) i) given`,
  `INSERT INTO feedback (turn_id, by, thumb)
     SELECT ${idOf(turn, 'i * 10')}, ${owner}, 'up' FROM generate_series(1, 50000) i`,
  `INSERT INTO replicas (number, name) OVERRIDING SYSTEM VALUE
     SELECT i, 'replica' FROM generate_series(1, 20) i`,
  `INSERT INTO presences (conversation_id, replica, login, tabs)
     SELECT ${idOf(conversation, 'i')}, i % 20 + 1, 'user-' || s, 1
       FROM generate_series(1, 5000) i, generate_series(1, 2) s`,
  `INSERT INTO tickets (id, status, channel, subject, body, created_by, created_at, updated_at)
     SELECT 'T-' || i, CASE WHEN i % 1000 = 0 THEN 'open' WHEN i % 3 = 0 THEN 'closed' ELSE 'resolved' END,
            CASE WHEN i % 500 = 0 THEN 'phone' WHEN i % 2 = 0 THEN 'chat' ELSE 'email' END,
            'subject', 'body', ${owner}, at, at
       FROM (SELECT i, ${START} + i * interval '1 minute' AS at
               FROM generate_series(1, ${TALKS.tickets}) i) given`,
  `INSERT INTO usage (subject, starts_at, requests, tokens)
     SELECT 'user:user-' || i % 1000, ${START} + i * interval '1 second', 1, 1
       FROM generate_series(1, 100000) i`,
  `INSERT INTO erasures (login, asked_by, report)
     SELECT 'user-' || i, 'admin', '{}' FROM generate_series(1, 20000) i`,
  `INSERT INTO proposals (id, by, actions, expires_at)
     SELECT gen_random_uuid(), ${owner}, '[]', now() FROM generate_series(1, 20000) i`,
  'ANALYZE',
];

/** The schema must be there. The rows refer to one another; looking that up for each would cost most. */
export async function fillTalks({ sql }: Pick<ThrowAway, 'sql'>): Promise<void> {
  await sql(['SET session_replication_role = replica', ...FILLS].join(';\n'));
}
