/** PostgreSQL refuses to run as root: whom it runs as instead, and how that user gets at the files. */
import { execFile } from 'node:child_process';
import { chown, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../platform/errors.js';

const exec = promisify(execFile);

/** Users that take the place of root, best first. */
const STAND_INS = ['postgres', 'nobody'];

export interface Owner {
  /** For `spawn`; empty where we are not root, or where `prefix` changes the user. */
  ids: { uid?: number; gid?: number };
  /** Put before the command. */
  prefix: string[];
  /** Gives a folder to the owner. */
  take(folder: string): Promise<void>;
}

export class CannotRunPostgres extends SlipwayError {
  override readonly code = 'cannot-run-postgres';
}

/**
 * Who runs a PostgreSQL whose files are at `paths`. Where those lie in a folder that only root may
 * enter, the stand-in gets the one capability that it needs to pass.
 *
 * @throws {CannotRunPostgres} when we are root and there is no such way.
 */
export async function ownerFor(paths: string[]): Promise<Owner> {
  if (process.getuid?.() !== 0) return { ids: {}, prefix: [], take: async () => {} };
  const { uid, gid } = await standIn();
  const take = (folder: string): Promise<void> => chown(folder, uid, gid);
  const closed = await closedFolder(paths, uid);
  if (closed === undefined) return { ids: { uid, gid }, prefix: [], take };
  const rights = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--',
  ];
  try {
    await exec('setpriv', [...rights, 'true']);
    return { ids: {}, prefix: ['setpriv', ...rights], take };
  } catch (cause) {
    throw new CannotRunPostgres(
      `PostgreSQL does not run as root, and no other user may enter "${closed}"`,
      `Run "chmod o+x ${closed}", move Slipway and SLIPWAY_HOME elsewhere, start as a user that is ` +
        'not root, or set DATABASE_URL to a PostgreSQL that already runs.',
      { cause },
    );
  }
}

async function standIn(): Promise<{ uid: number; gid: number }> {
  const users = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  for (const name of STAND_INS) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new CannotRunPostgres(
    'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as',
    'Start as a user that is not root, or set DATABASE_URL to a PostgreSQL that already runs.',
  );
}

/** The first folder above the paths that `uid` may not pass, from the outside in. */
async function closedFolder(paths: string[], uid: number): Promise<string | undefined> {
  const above = new Set(paths.flatMap((path) => ancestors(dirname(path))));
  for (const folder of above) {
    const { mode, uid: owner } = await stat(folder);
    const passes = owner === uid ? mode & 0o100 : mode & 0o001;
    if (!passes) return folder;
  }
  return undefined;
}

function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [...ancestors(parent), folder];
}
