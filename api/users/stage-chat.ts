/**
 * Lets instances on stages ask models: they are one user together, so they may do nothing that one of them
 * would see of another.
 */
import { readFile } from 'node:fs/promises';
import type { Store } from '../../activities/store/store.ports.js';
import { hashOf } from '../platform/auth.js';

const LOGIN = 'stages';

/**
 * Makes the token in `file` one of the user `stages`, with the scope `generate` alone. Repeatable. A token
 * that was revoked stays so.
 *
 * @throws {Error} when the file cannot be read.
 */
export async function admitStages(users: Store['users'], file: string): Promise<void> {
  if (file === '') return;
  const hash = hashOf((await readFile(file, 'utf8')).trim());
  if (!(await users.get(LOGIN))) await users.put({ login: LOGIN, teams: [], disabled: false });
  await users.addToken({
    login: LOGIN,
    name: 'stages',
    hash,
    scopes: ['generate'],
    expiresAt: null,
  });
}
