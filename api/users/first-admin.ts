/** Lets the first admin in: whoever can read the token file of the stack. */
import { readFile } from 'node:fs/promises';
import type { Scope, Store } from '../../activities/store/store.ports.js';
import { hashOf, isToken } from '../platform/auth.js';

const LOGIN = 'admin';
const TEAMS = ['admins', 'release-team'];
const SCOPES: Scope[] = ['read', 'push', 'run', 'approve', 'chat', 'admin'];

/**
 * Makes the token in `file` one of the user `admin`. Repeatable. A token that was revoked stays so,
 * and a user who is there already keeps their teams.
 *
 * @throws {Error} when the file cannot be read, or holds what can be no token.
 */
export async function admitFirstAdmin(users: Store['users'], file: string): Promise<void> {
  if (file === '') return;
  const token = (await readFile(file, 'utf8')).trim();
  if (!isToken(token)) {
    throw new Error(
      'the file of SLIPWAY_ADMIN_TOKEN_FILE holds no token: "slp_" and 43 letters, digits, "-" or "_"',
    );
  }
  if (!(await users.get(LOGIN))) await users.put({ login: LOGIN, teams: TEAMS, disabled: false });
  const hash = hashOf(token);
  await users.addToken({ login: LOGIN, name: 'stack', hash, scopes: SCOPES, expiresAt: null });
}
