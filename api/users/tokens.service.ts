import { Inject, Injectable } from '@nestjs/common';
import type { Store } from '../../activities/store/store.ports.js';
import type { CreatedToken, CreateToken, Page, Token } from '../client/wire.js';
import { Audit } from '../platform/audit.js';
import { demand, hashOf, may, newToken, type User } from '../platform/auth.js';
import { Forbidden, NotFound } from '../platform/errors.js';
import { given, type Paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { viewToken } from '../platform/views.js';

const DAY_MS = 86_400_000;

/** Everybody sees, makes and revokes their own tokens; an admin everybody's. */
@Injectable()
export class TokensService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    private readonly audit: Audit,
  ) {}

  async list(
    { login, ...page }: Paging & { login?: string | undefined },
    user: User,
  ): Promise<Page<Token>> {
    if (login !== undefined && login !== user.login) demand(user, 'admin');
    const whose = login ?? (may(user, 'admin') ? undefined : user.login);
    const { items, next } = await this.store.users.tokens(given({ ...page, login: whose }));
    return { items: items.map(viewToken), next };
  }

  /** The token itself is in the answer, and nowhere else. */
  async create(wanted: CreateToken, user: User): Promise<CreatedToken> {
    const login = wanted.login ?? user.login;
    if (login !== user.login) demand(user, 'admin');
    for (const scope of wanted.scopes) demand(user, scope);
    if (user.key) throw makesNone();
    if (!(await this.store.users.get(login))) throw new NotFound(`there is no user "${login}"`);
    const { name, scopes, requestsPerMinute = null, tokensPerMinute = null } = wanted;
    const budget = { requestsPerMinute, tokensPerMinute };
    const expiresAt = expiry(wanted.expiresInDays, user);
    const detail = { name, scopes, expiresAt: expiresAt?.toISOString() ?? null, ...budget };
    const command = { by: user.login, action: 'token.create', subject: `user/${login}`, detail };
    const token = newToken();
    return this.audit.during(command, async () => {
      const hash = hashOf(token);
      const row = await this.store.users.addToken({
        ...{ login, name, hash, scopes, expiresAt, budget },
      });
      return { ...viewToken(row), token };
    });
  }

  async revoke(id: string, user: User): Promise<void> {
    const whose = may(user, 'admin') ? undefined : user.login;
    const command = { by: user.login, action: 'token.revoke', subject: `token/${id}` };
    await this.audit.during(command, async () => {
      if (!(await this.store.users.revokeToken(id, whose))) throw noToken(id);
    });
  }
}

/** A token never outlives the one that made it, unless an admin's did. */
function expiry(days: number | undefined, user: User): Date | null {
  const wanted = days === undefined ? null : new Date(Date.now() + days * DAY_MS);
  if (may(user, 'admin') || user.expiresAt === null) return wanted;
  return wanted && wanted < user.expiresAt ? wanted : user.expiresAt;
}

/** Many small budgets would be a large one. */
function makesNone(): Forbidden {
  const message = 'a token with a budget of its own makes no others';
  return new Forbidden(message, 'Use a token without one.');
}

function noToken(id: string): NotFound {
  return new NotFound(`there is no token "${id}"`, 'GET /api/v1/tokens lists them.');
}
