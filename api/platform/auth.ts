/**
 * Who calls, and what they may do. Only the sha256 of a token is kept, and a token is found by it.
 *
 * How long the database takes to find a hash may tell how much of it is right, and that helps nobody:
 * whoever could choose tokens by the beginning of their sha256 would still have to invert it to learn
 * one of 2^256. So the search needs no constant time, and in this process nothing secret is compared.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Scope, Store, TokenBudget, TokenRow } from '../../activities/store/store.ports.js';
import { Forbidden, Unauthenticated } from './errors.js';
import type { AuthFailures } from './failures.js';
import type { Log } from './log.js';

/** A token with a budget of its own. */
export interface Key extends TokenBudget {
  id: string;
}

/** Who the request's token belongs to. */
export interface User {
  login: string;
  teams: string[];
  scopes: Scope[];
  /** Of the token; null when it does not expire. */
  expiresAt: Date | null;
  /** Of the token, where it has a budget. */
  key?: Key;
}

const TOKEN = /^slp_[A-Za-z0-9_-]{43}$/;

/** 256 random bits; the prefix lets secret scanners find a leaked one. */
export function newToken(): string {
  return `slp_${randomBytes(32).toString('base64url')}`;
}

/** Whether a text can be a token at all; whatever else it is, nobody gets in with it. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Without salt: a token has 256 random bits. */
export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** `admin` includes all others. */
export function may({ scopes }: Pick<User, 'scopes'>, scope: Scope): boolean {
  if (scope === 'generate' && scopes.includes('chat')) return true;
  return scopes.includes(scope) || scopes.includes('admin');
}

/** @throws {Forbidden} that names the scope. */
export function demand(user: User, scope: Scope): void {
  if (may(user, scope)) return;
  throw new Forbidden(
    `the token of "${user.login}" lacks the scope "${scope}"`,
    `Use a token with the scope "${scope}"; an admin, or you with such a token, can create one.`,
  );
}

/** Finds who a token belongs to. Also for the git endpoint, whose password is a token. */
export class Authenticator {
  constructor(
    private readonly users: Store['users'],
    private readonly failures: AuthFailures,
    private readonly log: Log,
  ) {}

  /**
   * Undefined for a token that is unknown, revoked, expired or of a disabled user.
   *
   * @param address the client's.
   * @throws {TooManyFailures} without looking the token up.
   */
  async identify(token: string, address: string): Promise<User | undefined> {
    const attempt = { token, address, hash: hashOf(token) };
    this.failures.check(attempt);
    const found = isToken(token) ? await this.users.byTokenHash(attempt.hash) : undefined;
    if (!found) {
      const isLast = this.failures.failed(attempt);
      if (isLast) this.log.warn({ address }, 'too many wrong tokens: no more are looked at');
      return undefined;
    }
    this.failures.succeeded(attempt);
    const { user, token: row } = found;
    const { scopes, expiresAt } = row;
    return { login: user.login, teams: user.teams, scopes, expiresAt, ...keyOf(row) };
  }

  /** @throws {Unauthenticated} when the header lets nobody in. {TooManyFailures} */
  async bearer({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): Promise<User> {
    const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    const user = token ? await this.identify(token, ip) : undefined;
    if (!user) throw new Unauthenticated();
    return user;
  }
}

function keyOf({ id, requestsPerMinute, tokensPerMinute }: TokenRow): Pick<User, 'key'> {
  if (requestsPerMinute === null && tokensPerMinute === null) return {};
  return { key: { id, requestsPerMinute, tokensPerMinute } };
}

const NEEDS = 'slipway:needs';
export type Need = Scope | 'nothing';

/** The scope that a route needs. A route without one answers nobody. */
export const Needs = (scope: Scope) => SetMetadata(NEEDS, scope satisfies Need);
/** Answers without a token: health, metrics and docs only. */
export const Public = () => SetMetadata(NEEDS, 'nothing' satisfies Need);
/** What the handler or its class says; undefined is a route that somebody forgot to protect. */
export function needOf(reflector: Reflector, handler: object, owner: object): Need | undefined {
  return reflector.getAllAndOverride<Need | undefined>(NEEDS, [handler as never, owner as never]);
}

interface WithUser {
  slipwayUser?: User;
}

@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const need = needOf(this.reflector, context.getHandler(), context.getClass());
    if (need === 'nothing') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & WithUser>();
    request.slipwayUser ??= await this.authenticator.bearer(request);
    if (need === undefined) throw new Error(`${request.url} has no @Needs`);
    demand(request.slipwayUser, need);
    return true;
  }
}

/** Lets nobody upload a body before we know who it is. Runs before Fastify reads one. */
export async function identifyEarly(
  authenticator: Authenticator,
  request: FastifyRequest & WithUser,
): Promise<void> {
  request.slipwayUser = await authenticator.bearer(request);
}

/** The caller, where it is known already. */
export function userOf(request: FastifyRequest): User | undefined {
  return (request as WithUser).slipwayUser;
}

/** The caller. Only on routes with `@Needs`. */
export const CurrentUser = createParamDecorator(
  (_data: unknown, context: ExecutionContext): User => {
    const user = context.switchToHttp().getRequest<WithUser>().slipwayUser;
    if (!user) throw new Error('a route without @Needs asked for its user');
    return user;
  },
);
