/** The routes of the assistant. */
import { type Http, MADE_LIMIT_MS } from './http.js';
import * as wire from './wire.assistant.js';

const AT = '/api/v1/assistant';
const post = (body: unknown = {}) => ({ method: 'POST', body }) as const;

export function assistant(http: Http) {
  const proposal = (id: string) => `${AT}/proposals/${encodeURIComponent(id)}`;
  return {
    /** Waits as long as its model takes, at most ten minutes. */
    ask: (text: string) =>
      http.json(wire.Assistance, AT, { ...post({ text }), limitMs: MADE_LIMIT_MS }),
    proposal: (id: string) => http.json(wire.Proposal, proposal(id)),
    approve: (id: string) => http.json(wire.Proposal, `${proposal(id)}/approval`, post()),
    discard: (id: string) => http.json(wire.Proposal, proposal(id), { method: 'DELETE' }),
  };
}
