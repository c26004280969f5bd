/** The programs that the sandbox is made of, or what is missing and how to install it. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

export interface Tools {
  bash: string;
  bwrap: string;
  slirp4netns: string;
  nsenter: string;
  unshare: string;
  /** Drops from root to the user of the steps. */
  setpriv: string;
  prlimit: string;
  /** Of iproute2; without it the machine's own addresses stay reachable. */
  ip: string | undefined;
}

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin'];
const PACKAGES = {
  bash: 'bash',
  bwrap: 'bubblewrap',
  slirp4netns: 'slirp4netns',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  prlimit: 'util-linux',
} as const;

/** What to type, by the package manager that is there. */
const INSTALLERS = [
  ['apt-get', 'apt-get install --no-install-recommends'],
  ['dnf', 'dnf install'],
  ['apk', 'apk add'],
  ['pacman', 'pacman -S'],
  ['zypper', 'zypper install'],
] as const;

export type Found = { ok: true; tools: Tools } | { ok: false; reason: string; help: string };

/** Looks in the system's folders only: what runs outside of the sandbox is never a user's. */
export async function findTools(folders: string[] = FOLDERS): Promise<Found> {
  const names = Object.keys(PACKAGES) as (keyof typeof PACKAGES)[];
  const paths = await Promise.all(names.map((name) => find(name, folders)));
  const missing = names.filter((_name, at) => paths[at] === undefined);
  if (missing.length > 0) {
    const packages = [...new Set([...missing.map((name) => PACKAGES[name]), 'iproute2'])];
    const reason = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed`;
    return { ok: false, reason, help: await installWords(packages, folders) };
  }
  const found = Object.fromEntries(names.map((name, at) => [name, paths[at]]));
  return { ok: true, tools: { ...(found as unknown as Tools), ip: await find('ip', folders) } };
}

async function installWords(packages: string[], folders: string[]): Promise<string> {
  for (const [program, words] of INSTALLERS) {
    if (await find(program, folders)) return `${words} ${packages.join(' ')}`;
  }
  return `install ${packages.join(', ')}`;
}

async function find(name: string, folders: string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
