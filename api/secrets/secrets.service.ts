/** Secrets of steps: set, listed without values, removed, wrapped anew. Nothing here shows a value. */
import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError } from '../../activities/platform/errors.js';
import type { NewSecret } from '../../workflows/domain/secret.js';
import type { Page, Rotation, Secret } from '../client/wire.js';
import { Audit } from '../platform/audit.js';
import type { User } from '../platform/auth.js';
import { NotFound, Refused, Unavailable } from '../platform/errors.js';
import { type KeptSecret, SECRETS, type SecretKeeper } from './secrets.ports.js';

/** The keys of secrets cannot be used; nothing was changed. */
export class KeysUnavailable extends Unavailable {
  override readonly code = 'keys-unavailable';
}

/** What is wrong with the question, by the keeper's codes. */
const REFUSALS = ['too-many-secrets', 'secret-contended', 'secrets-elsewhere'];
/** What is wrong with the keeper. */
const TROUBLE = ['key-missing', 'key-unusable'];

@Injectable()
export class SecretsService {
  constructor(
    @Inject(SECRETS) private readonly keeper: SecretKeeper,
    private readonly audit: Audit,
  ) {}

  async list(query: Parameters<SecretKeeper['list']>[0]): Promise<Page<Secret>> {
    const { items, next } = await translated(() => this.keeper.list(query));
    return { items: items.map(view), next };
  }

  set(secret: NewSecret, user: User): Promise<Secret> {
    const { value: _never, ...scope } = secret;
    const command = commandOf('secret.set', scope, user);
    return this.audit.during(command, async () =>
      view(await translated(() => this.keeper.set(secret, user.login))),
    );
  }

  async remove(id: string, user: User): Promise<void> {
    const found = await translated(() => this.keeper.find(id));
    if (!found) throw noSecret(id);
    await this.audit.during(commandOf('secret.remove', found, user), async () => {
      if (!(await translated(() => this.keeper.remove(id)))) throw noSecret(id);
    });
  }

  rotate(user: User): Promise<Rotation> {
    const command = { by: user.login, action: 'secret.rotate', subject: 'secrets' };
    return this.audit.during(command, () => translated(() => this.keeper.rotate()));
  }
}

type Scoped = Pick<NewSecret, 'name'> &
  Partial<Pick<KeptSecret, 'repository' | 'branches' | 'stage'>>;

function commandOf(action: string, of: Scoped | Omit<NewSecret, 'value'>, { login }: User) {
  const { name, repository = null, branches = [], stage = null } = of;
  const detail = { repository, branches, stage };
  return { by: login, action, subject: `secret/${name}`, detail };
}

/** The keeper knows none of our refusals. @throws {Refused} {KeysUnavailable} or what was thrown. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const { code, message, help } = error;
    if (REFUSALS.includes(code)) throw new Refused(code, message, help, { cause: error });
    if (TROUBLE.includes(code)) throw new KeysUnavailable(message, help, { cause: error });
    throw error;
  }
}

function noSecret(id: string): NotFound {
  return new NotFound(`there is no secret "${id}"`, 'GET /api/v1/secrets lists them.');
}

function view({ id, name, repository, branches, stage, ...rest }: KeptSecret): Secret {
  const { version, keyId, updatedAt, updatedBy } = rest;
  const scope = { repository, branches, stage };
  return { id, name, ...scope, version, keyId, updatedAt: updatedAt.toISOString(), updatedBy };
}
