/** Lets instances on stages chat: they are users like others, and may do nothing else. */
import { readFile } from 'node:fs/promises';
import type { Store } from '../../activities/store/store.ports.js';
import { hashOf } from '../platform/auth.js';

const LOGIN = 'stages';

/**
 * Makes the token in `file` one of the user `stages`, with the scope `chat` alone. Repeatable. A token
 * that was revoked stays so.
 *
 * @throws {Error} when the file cannot be read.
 */
export async function admitStages(users: Store['users'], file: string): Promise<void> {
  if (file === '') return;
  const hash = hashOf((await readFile(file, 'utf8')).trim());
  if (!(await users.get(LOGIN))) await users.put({ login: LOGIN, teams: [], disabled: false });
  await users.addToken({ login: LOGIN, name: 'stages', hash, scopes: ['chat'], expiresAt: null });
}
