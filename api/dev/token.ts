/** Tokens of the stack: made once, kept in the home with mode 0600, never printed. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of the local admin. */
export function adminToken(home: string): Promise<string> {
  return kept(join(home, 'token'));
}

/** Of instances on stages; the file, whose content the API lets chat and do nothing else. */
export async function stageTokenFile(home: string): Promise<string> {
  const file = join(home, 'stage-token');
  await kept(file);
  return file;
}

async function kept(file: string): Promise<string> {
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (known) return known;
  const token = newToken();
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  return token;
}

/** 256 random bits; the prefix lets secret scanners find a leaked one. */
export function newToken(): string {
  return `slp_${randomBytes(32).toString('base64url')}`;
}
