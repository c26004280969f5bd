/** The routes of conversations, turns and questions. */
import { type FollowTurnOptions, followTurn, type PlacedTurnEvent } from './events.turn.js';
import { type Http, MADE_LIMIT_MS, type Query } from './http.js';
import * as wire from './wire.js';

const AT = '/api/v1/chat';
const part = encodeURIComponent;
const post = (body: unknown = {}) => ({ method: 'POST', body }) as const;

export function chat(http: Http) {
  const conversation = (id: string) => `${AT}/conversations/${part(id)}`;
  const turn = (id: string) => `${AT}/turns/${part(id)}`;
  const all = `${AT}/conversations`;
  return {
    /** Waits for the answer, at most ten minutes; it is made and stored in any case. */
    ask: (question: string, conv_id?: string) => {
      const body = { question, ...(conv_id ? { conv_id } : {}) };
      return http.json(wire.Asked, '/ask', { ...post(body), limitMs: MADE_LIMIT_MS });
    },
    conversations: {
      create: (body: wire.CreateConversation = {}) => http.json(wire.Conversation, all, post(body)),
      list: (query: { limit?: number; cursor?: string } = {}) =>
        http.json(wire.pageOf(wire.Conversation), all, { query }),
      get: (id: string) => http.json(wire.Conversation, conversation(id)),
      change: (id: string, body: wire.ChangeConversation) =>
        http.json(wire.Conversation, conversation(id), { method: 'PATCH', body }),
      remove: async (id: string): Promise<void> => {
        await http.send(conversation(id), { method: 'DELETE' });
      },
      /** What changed after a position, in that order. */
      turns: (id: string, query: { after?: number; cursor?: string; limit?: number } = {}) =>
        http.json(wire.pageOf(wire.Turn), `${conversation(id)}/turns`, {
          query: { ...query } as Query,
        }),
      /** Safe to repeat with an `id`. */
      say: (id: string, body: wire.SayTurn) =>
        http.json(wire.Said, `${conversation(id)}/turns`, post(body)),
    },
    turns: {
      get: (id: string) => http.json(wire.Turn, turn(id)),
      edit: (id: string, body: wire.EditTurn) =>
        http.json(wire.Said, `${turn(id)}/edit`, post(body)),
      regenerate: (id: string, body: wire.Regenerate = {}) =>
        http.json(wire.Said, `${turn(id)}/regenerate`, post(body)),
      cancel: (id: string) => http.json(wire.Turn, `${turn(id)}/cancel`, post()),
      rate: async (id: string, body: wire.Feedback): Promise<void> => {
        await http.send(`${turn(id)}/feedback`, post(body));
      },
      /** Every event after a place, once and in order, until the end; reconnects by itself. */
      events: (id: string, options?: FollowTurnOptions): AsyncGenerator<PlacedTurnEvent> =>
        followTurn(http, `${turn(id)}/events`, options),
    },
  };
}
