/** The typed client of the REST API: the only part of `api/` that CLI, web and e2e import. */
import { z } from 'zod';
import type { Answer } from '../../workflows/domain/gate.js';
import { assistant } from './client.assistant.js';
import { chat } from './client.chat.js';
import { models } from './client.models.js';
import { requests } from './client.openai.js';
import { privacy } from './client.privacy.js';
import { tickets } from './client.tickets.js';
import { type FollowOptions, followRun, type PlacedEvent } from './events.js';
import { type Connection, Http, type Query } from './http.js';
import * as wire from './wire.js';

export { ApiProblem, Unreachable } from './errors.js';
export type { FollowOptions, PlacedEvent } from './events.js';
export { type FollowTurnOptions, type PlacedTurnEvent, textAfter } from './events.turn.js';
export type { Connection } from './http.js';

/** Of a list: how many, and from where (`next` of the page before). */
export interface Paging {
  limit?: number;
  cursor?: string;
}
export interface RunQuery extends Paging {
  repository?: string;
  commit?: string;
  branch?: string;
  pipeline?: string;
  status?: string;
}
export interface LogQuery {
  step?: string;
  /** Position of the last chunk seen. */
  after?: number;
  limit?: number;
}

const API = '/api/v1';
const part = encodeURIComponent;
const post = (body: unknown = {}) => ({ method: 'POST', body }) as const;
const listed = (query: object | undefined) => ({ query: { ...query } as Query });

/**
 * One method per route. Every method throws `ApiProblem` (the API refused; `status` and `problem` say
 * why) or `Unreachable` (nobody answered). Nothing is tried again, except the streams.
 */
export function createClient(connection: Connection) {
  const http = new Http(connection);
  return {
    ...things(http),
    runs: runs(http),
    approvals: approvals(http),
    stages: stages(http),
    users: users(http),
    secrets: secrets(http),
    chat: chat(http),
    tickets: tickets(http),
    privacy: privacy(http),
    models: models(http),
    requests: requests(http),
    assistant: assistant(http),
  };
}
export type Client = ReturnType<typeof createClient>;

function runs(http: Http) {
  const at = (id: string) => `${API}/runs/${part(id)}`;
  return {
    list: (query?: RunQuery) =>
      http.json(wire.pageOf(wire.RunSummary), `${API}/runs`, listed(query)),
    get: (id: string) => http.json(wire.Run, at(id)),
    steps: (id: string) => http.json(wire.pageOf(wire.Step), `${at(id)}/steps`),
    start: (run: wire.StartRun) => http.json(wire.Run, `${API}/runs`, post(run)),
    cancel: (id: string, cancel: wire.CancelRun = {}) =>
      http.json(wire.CancelledRun, `${at(id)}/cancel`, post(cancel)),
    /** Every event after `after`, once and in order, until the run's end; reconnects by itself. */
    events: (id: string, options?: FollowOptions): AsyncGenerator<PlacedEvent> =>
      followRun(http, `${at(id)}/events`, options),
    logs: (id: string, query?: LogQuery) =>
      http.json(wire.pageOf(wire.LogLine), `${at(id)}/logs`, listed(query)),
    /** The whole log as text, of the run or of one step. */
    logText: (id: string, step?: string) => http.text(`${at(id)}/logs`, listed({ step })),
    approvals: (id: string) => http.json(wire.pageOf(wire.Approval), `${at(id)}/approvals`),
    /** Answers the only open gate of the run. */
    decide: (id: string, answer: Answer) =>
      http.json(wire.GateState, `${at(id)}/decision`, post(answer)),
  };
}

function approvals(http: Http) {
  const at = (runId: string, step: string) => `${API}/approvals/${part(runId)}/${part(step)}`;
  return {
    list: (query?: Paging & { state?: 'open' | 'closed' }) =>
      http.json(wire.pageOf(wire.Approval), `${API}/approvals`, listed(query)),
    get: (runId: string, step: string) => http.json(wire.Approval, at(runId, step)),
    answer: (runId: string, step: string, answer: Answer) =>
      http.json(wire.GateState, at(runId, step), post(answer)),
  };
}

function stages(http: Http) {
  const at = (repository: string, name: string) =>
    `${API}/stages/${part(repository)}/${part(name)}`;
  return {
    list: (query?: Paging & { repository?: string }) =>
      http.json(wire.pageOf(wire.Stage), `${API}/stages`, listed(query)),
    get: (repository: string, name: string) => http.json(wire.Stage, at(repository, name)),
    history: (repository: string, name: string, query?: Paging) =>
      http.json(wire.pageOf(wire.StageEvent), `${at(repository, name)}/history`, listed(query)),
    /** Starts a run that deploys an earlier release. */
    rollback: (repository: string, name: string, rollback: wire.Rollback = {}) =>
      http.json(wire.Run, `${at(repository, name)}/rollback`, post(rollback)),
  };
}

function users(http: Http) {
  return {
    me: () => http.json(wire.Me, `${API}/me`),
    list: (query?: Paging) => http.json(wire.pageOf(wire.User), `${API}/users`, listed(query)),
    create: (user: wire.CreateUser) => http.json(wire.User, `${API}/users`, post(user)),
    change: (login: string, body: wire.ChangeUser) =>
      http.json(wire.User, `${API}/users/${part(login)}`, { method: 'PATCH', body }),
    tokens: (query?: Paging & { login?: string }) =>
      http.json(wire.pageOf(wire.Token), `${API}/tokens`, listed(query)),
    /** The answer is the only time that the token is shown. */
    createToken: (token: wire.CreateToken) =>
      http.json(wire.CreatedToken, `${API}/tokens`, post(token)),
    revokeToken: async (id: string): Promise<void> => {
      await http.send(`${API}/tokens/${part(id)}`, { method: 'DELETE' });
    },
  };
}

function secrets(http: Http) {
  const all = `${API}/secrets`;
  return {
    list: (query?: Paging & { repository?: string }) =>
      http.json(wire.pageOf(wire.Secret), all, listed(query)),
    /** The value is in no answer. */
    set: (body: wire.SetSecret) => http.json(wire.Secret, all, { method: 'PUT', body }),
    remove: async (id: string): Promise<void> => {
      await http.send(`${all}/${part(id)}`, { method: 'DELETE' });
    },
    /** Ask again while it has more. */
    rotate: () => http.json(wire.Rotation, `${all}/rotation`, post()),
  };
}

function things(http: Http) {
  return {
    /** Also when a part is away: that is an answer here, not a problem. */
    health: () => http.json(wire.Health, '/health', { expects: [200, 503] }),
    readiness: () => http.json(wire.Readiness, '/health/ready', { expects: [200, 503] }),
    liveness: () => http.json(wire.Liveness, '/health/live', { expects: [200, 503] }),
    metrics: () => http.json(wire.MetricsPage, '/metrics'),
    /** The OpenAPI document. */
    openApi: () => http.json(z.record(z.string(), z.unknown()), '/docs-json'),
    audit: (query?: Paging) =>
      http.json(wire.pageOf(wire.AuditEntry), `${API}/audit`, listed(query)),
    repositories: {
      list: (query?: Paging) =>
        http.json(wire.pageOf(wire.Repository), `${API}/repositories`, listed(query)),
      create: (repository: wire.CreateRepository) =>
        http.json(wire.Repository, `${API}/repositories`, post(repository)),
    },
    releases: {
      list: (query?: Paging & { repository?: string }) =>
        http.json(wire.pageOf(wire.Release), `${API}/releases`, listed(query)),
      get: (digest: string) => http.json(wire.Release, `${API}/releases/${part(digest)}`),
    },
    pipelines: {
      lint: (pipeline: wire.PipelineText) =>
        http.json(wire.LintReport, `${API}/pipelines/lint`, post(pipeline)),
      plan: (pipeline: wire.PlanRequest) =>
        http.json(wire.PlanReport, `${API}/pipelines/plan`, post(pipeline)),
    },
  };
}
