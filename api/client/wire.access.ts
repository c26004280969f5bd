/** The shapes of who may do what: users, tokens, secrets, the audit. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { Login, plainText } from '../../workflows/domain/names.js';
import { type NewSecret, Rotation } from '../../workflows/domain/secret.js';

export { Rotation };

const time = z.iso.datetime();

/** What a token may do. `admin` includes all others. */
export const Scope = z.enum(['read', 'push', 'run', 'approve', 'generate', 'chat', 'admin']);
export type Scope = z.infer<typeof Scope>;

export const Token = z.object({
  id: z.string(),
  login: z.string(),
  name: z.string(),
  scopes: z.array(Scope),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  lastUsedAt: time.nullable(),
  /** Its own budget for answers of models; null: all of its user's. */
  requestsPerMinute: z.int().nullable(),
  tokensPerMinute: z.int().nullable(),
});
export type Token = z.infer<typeof Token>;

/** `POST /api/v1/tokens`. Only an admin may name another login than their own. */
export const CreateToken = z.strictObject({
  /** Default: the caller. */
  login: Login.optional(),
  /** What it is for: "laptop", "ci". */
  name: plainText(100).trim().min(1),
  /** Never more than the caller's own. */
  scopes: z.array(Scope).min(1).max(7),
  /** Default: it does not expire. */
  expiresInDays: z.int().min(1).max(3_650).optional(),
  /** A budget of its own for answers of models, within its user's. Default: all of that. */
  requestsPerMinute: z.int().min(1).max(10_000_000).optional(),
  tokensPerMinute: z.int().min(1).max(1_000_000_000).optional(),
});
export type CreateToken = z.infer<typeof CreateToken>;

/** The only time that a token is shown. */
export const CreatedToken = Token.extend({ token: z.string() });
export type CreatedToken = z.infer<typeof CreatedToken>;

export const User = z.object({
  login: z.string(),
  teams: z.array(z.string()),
  disabled: z.boolean(),
});
export type User = z.infer<typeof User>;

const teams = z.array(plainText(64).trim().min(1)).max(100);
export const CreateUser = z.strictObject({ login: Login, teams: teams.optional() });
export type CreateUser = z.infer<typeof CreateUser>;
export const ChangeUser = z.strictObject({
  teams: teams.optional(),
  disabled: z.boolean().optional(),
});
export type ChangeUser = z.infer<typeof ChangeUser>;

/** Who the token belongs to, and what it may do. */
export const Me = z.object({
  login: z.string(),
  teams: z.array(z.string()),
  scopes: z.array(Scope),
});
export type Me = z.infer<typeof Me>;

/** A secret without its value: nobody is ever shown that. Null: every repository; no stage. */
export const Secret = z.object({
  id: z.string(),
  name: z.string(),
  repository: z.string().nullable(),
  /** Patterns; empty: every branch. */
  branches: z.array(z.string()),
  stage: z.string().nullable(),
  version: z.int(),
  /** Of the master key that wraps it. */
  keyId: z.string(),
  updatedAt: time,
  updatedBy: z.string(),
});
export type Secret = z.infer<typeof Secret>;

/** `PUT /api/v1/secrets`: NewSecret of domain/secret, as a client writes it. */
export type SetSecret = Omit<NewSecret, 'name'> & { name: string };

/** `POST /api/v1/secrets/rotation`. */
export const RotateSecrets = z.strictObject({});
export type RotateSecrets = z.infer<typeof RotateSecrets>;

export const AuditEntry = z.object({
  id: z.string(),
  at: time,
  by: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
