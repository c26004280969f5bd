/** The local admin's token: made once, kept in the home with mode 0600, never printed. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function adminToken(home: string): Promise<string> {
  const file = join(home, 'token');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept.trim()) return kept.trim();
  const token = newToken();
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  return token;
}

/** 256 random bits; the prefix lets secret scanners find a leaked one. */
export function newToken(): string {
  return `slp_${randomBytes(32).toString('base64url')}`;
}
