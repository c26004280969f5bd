/** Who may do what at the git endpoint: Basic authentication whose password is a token. */
import { SlipwayError } from '../../activities/platform/errors.js';
import { machineTrouble } from '../../activities/platform/machine.js';
import type { Store } from '../../activities/store/store.ports.js';
import { RepositoryName } from '../../workflows/domain/names.js';
import { type Authenticator, may, type User } from '../platform/auth.js';
import { TooManyFailures, Unavailable } from '../platform/errors.js';
import { type BareRepositories, GITOPS } from './bare.repositories.js';

export type Service = 'git-upload-pack' | 'git-receive-pack';

const RETRY_SECONDS = 5;

/** A refusal as a git client shows it: plain text. */
export class GitRefusal extends Error {
  override readonly name = 'GitRefusal';
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 413 | 429 | 500 | 503,
    message: string,
    /** When trying again makes sense, seconds; of 429 and 503. */
    readonly retryAfterSeconds = RETRY_SECONDS,
  ) {
    super(message);
  }
}

export interface AccessParts {
  authenticator: Authenticator;
  store: Pick<Store, 'repositories' | 'audit'>;
  repositories: BareRepositories;
}

/** @throws {GitRefusal} {StoreUnavailable} */
export async function admit(
  { authenticator, store, repositories }: AccessParts,
  authorization: string | undefined,
  { name, service, address }: { name: string; service: Service; address: string },
): Promise<User> {
  const token = passwordOf(authorization);
  const user = token === undefined ? undefined : await authenticator.identify(token, address);
  if (!user) {
    throw new GitRefusal(401, 'Give any user name, and a token that is valid as the password.');
  }
  const isPush = service === 'git-receive-pack';
  const scope = isPush ? 'push' : 'read';
  if (!may(user, scope)) {
    throw new GitRefusal(403, `The token of "${user.login}" lacks the scope "${scope}".`);
  }
  if (isPush && name === GITOPS) {
    throw new GitRefusal(403, `"${GITOPS}" is written by deploys only; you may fetch it.`);
  }
  if (!RepositoryName.safeParse(name).success) throw new GitRefusal(404, unknown(name));
  if (await isKnown(name, store, repositories)) return user;
  if (!isPush) throw new GitRefusal(404, unknown(name));
  if (!may(user, 'admin')) {
    throw new GitRefusal(404, `${unknown(name)} The first push of an admin creates it.`);
  }
  const subject = `repository/${name}`;
  await store.audit.add({ by: user.login, action: 'repository.create', subject });
  await store.repositories.create(name, user.login);
  await repositories.create(name);
  return user;
}

/** In the record, and then also on disk: a repository that was made by REST is empty until now. */
async function isKnown(
  name: string,
  store: AccessParts['store'],
  repositories: BareRepositories,
): Promise<boolean> {
  if (name === GITOPS) return repositories.exists(name);
  if (!(await store.repositories.exists(name))) return false;
  await repositories.create(name);
  return true;
}

/** @returns undefined when the header is absent, or not Basic. */
export function passwordOf(authorization: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : decoded.slice(colon + 1);
}

/** What was thrown, as a refusal. */
export function toRefusal(error: unknown): GitRefusal {
  if (error instanceof GitRefusal) return error;
  if (error instanceof TooManyFailures) {
    return new GitRefusal(429, `${error.message}. ${error.help}`, error.retryAfterSeconds);
  }
  if (error instanceof Unavailable) {
    return new GitRefusal(503, `${error.message}. ${error.help}`, error.retryAfterSeconds);
  }
  const known = error instanceof SlipwayError ? error : machineTrouble(error);
  if (known) return new GitRefusal(503, `${known.message}. ${known.help}`);
  return new GitRefusal(500, 'Slipway made a mistake; its log says which.');
}

function unknown(name: string): string {
  return `There is no repository "${name.slice(0, 100)}".`;
}
