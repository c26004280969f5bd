/** What is true of chat after a play, read from outside: PostgreSQL, the API, processes. */
import type { Client } from '../../../client/client.js';
import { eventually } from '../../harness/eventually.js';
import { strayEngines } from '../victims.js';
import type { World } from '../world.js';
import type { ChatSaid } from './said.js';

export interface TurnFact {
  id: string;
  conversationId: string;
  parentId: string | null;
  role: string;
  status: string;
  text: string;
  /** As it is counted in the record. */
  chars: number;
  position: number;
  failure: { code: string; message: string } | null;
}
export interface TicketFact {
  id: string;
  by: string;
  subject: string;
  status: string;
}
/** What the API says of a turn or a ticket. */
export interface ToldFact {
  id: string;
  status: string;
  text: string;
}

export interface ChatFacts {
  /** Of all conversations of the play. */
  turns: TurnFact[];
  tickets: TicketFact[];
  told: ToldFact[];
  /** Answers of anybody that are neither done, failed nor cancelled. */
  unended: string[];
  /** Engines that no API holds. */
  strays: string[];
}

/** How long an engine may outlive its API. */
const STRAY_LIMIT_MS = 10_000;

/** @param people who may see what they said. */
export async function lookAtChat(
  world: World,
  said: ChatSaid,
  people: ReadonlyMap<string, Client>,
): Promise<ChatFacts> {
  const [turns, tickets, unended] = await recorded(world, said);
  return { turns, tickets, unended, told: await told(said, people), strays: await strays(world) };
}

async function recorded({ record }: World, { questions, asks, tickets }: ChatSaid) {
  const conversations = [...questions, ...asks].map(({ conversationId }) => conversationId);
  return Promise.all([
    record.rows<TurnFact>(
      `SELECT id, conversation_id AS "conversationId", parent_id AS "parentId", role, status, text,
              chars, position, failure
         FROM turns WHERE conversation_id = ANY($1) ORDER BY conversation_id, position`,
      [conversations],
    ),
    record.rows<TicketFact>(
      'SELECT id, created_by AS by, subject, status FROM tickets WHERE subject = ANY($1)',
      [tickets.map(({ subject }) => subject)],
    ),
    record
      .rows<{ id: string }>(`SELECT id FROM turns WHERE status IN ('queued', 'answering')`)
      .then((rows) => rows.map(({ id }) => id)),
  ] as const);
}

async function told(
  { questions, tickets }: ChatSaid,
  people: ReadonlyMap<string, Client>,
): Promise<ToldFact[]> {
  const as = (login: string): Client => {
    const client = people.get(login);
    if (client === undefined) throw new Error(`nobody is called "${login}"`);
    return client;
  };
  return Promise.all([
    ...questions.map(({ by, answerId }) => as(by).chat.turns.get(answerId)),
    ...tickets.map(async ({ by, id }) => {
      const { subject, status } = await as(by).tickets.get(id);
      return { id, status, text: subject };
    }),
  ]);
}

async function strays({ stack, folder }: World): Promise<string[]> {
  const none = async () => (await strayEngines(stack, folder)).length === 0;
  try {
    await eventually('each engine has its API', none, STRAY_LIMIT_MS);
    return [];
  } catch {
    return strayEngines(stack, folder);
  }
}
