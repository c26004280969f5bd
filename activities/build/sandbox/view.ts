/** What of this machine steps may see: programs, libraries and a few settings, read-only. */
import { existsSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

export interface View {
  /** Folders and files, read-only, from where to where; later ones may lie in earlier ones. */
  binds: [from: string, to: string][];
  /** Links, from their text to where they are. */
  links: [text: string, at: string][];
  /** Folders that would be seen below another one, and must not be. */
  hidden: string[];
}

export interface ViewOptions {
  /** PATH of the commands. */
  path: string;
  /** More folders and files that steps may read. */
  readable: string[];
  /** Never seen, whatever else is: our home, our package. */
  hidden: string[];
}

const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];

/**
 * Of /etc. Everything else there may hold what steps must not know: shadow, keys, other services.
 * Files are copied once, for a bind of each would cost every step 0.4 ms; folders are bound.
 */
const SETTINGS = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'fonts',
  'gai.conf',
  'host.conf',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'magic',
  'mime.types',
  'nsswitch.conf',
  'os-release',
  'pki/ca-trust',
  'pki/tls/certs',
  'pki/tls/cert.pem',
  'protocols',
  'services',
  'ssl/certs',
  'ssl/cert.pem',
  'ssl/openssl.cnf',
  'timezone',
];
/** Java, and what else keeps its settings under a versioned name. */
const VERSIONED = [
  'java',
  'java-11-openjdk',
  'java-17-openjdk',
  'java-21-openjdk',
  'java-25-openjdk',
  'maven',
];

const WRITTEN = {
  passwd: [
    'root:x:0:0:root:/root:/usr/sbin/nologin',
    'slipway:x:1000:1000:step:/tmp:/bin/bash',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  ],
  group: ['root:x:0:', 'slipway:x:1000:', 'nogroup:x:65534:'],
  hosts: ['127.0.0.1 localhost slipway', '::1 localhost'],
  // Where slirp4netns answers; it asks the resolvers of the machine.
  'resolv.conf': ['nameserver 10.0.2.3'],
};

/** Makes the view's own files below `folder`, which must not exist. */
export async function makeView(folder: string, options: ViewOptions): Promise<View> {
  const etc = join(folder, 'etc');
  await mkdir(etc, { recursive: true });
  const bound: string[] = [];
  for (const name of [...SETTINGS, ...VERSIONED].filter((each) => existsSync(join('/etc', each)))) {
    const [from, to] = [join('/etc', name), join(etc, name)];
    await mkdir(dirname(to), { recursive: true });
    if (statSync(from).isDirectory()) {
      await mkdir(to);
      bound.push(from);
    } else if (lstatSync(from).isSymbolicLink()) await symlink(readlinkSync(from), to);
    else await copyFile(from, to);
  }
  for (const [name, lines] of Object.entries(WRITTEN)) {
    await writeFile(join(etc, name), `${lines.join('\n')}\n`);
  }
  return viewOf([[etc, '/etc'], ...bound.map((each) => [each, each] as [string, string])], options);
}

/** @param etc the binds of what steps see as /etc. */
export function viewOf(etc: View['binds'], { path, readable, hidden }: ViewOptions): View {
  const view: View = { binds: [], links: [], hidden: [] };
  for (const at of SYSTEM.filter((each) => existsSync(each))) {
    if (lstatSync(at).isSymbolicLink()) view.links.push([readlinkSync(at), at]);
    else view.binds.push([at, at]);
  }
  view.binds.push(...etc);
  const wanted = [...path.split(':').flatMap((each) => toolFolders(each)), ...readable];
  for (const at of wanted) {
    const isSeen = [...view.binds.map(([, to]) => to), ...view.links.map(([, to]) => to)].some(
      (seen) => isWithin(at, seen),
    );
    const wouldShow = hidden.some((secret) => isWithin(secret, at));
    if (at.startsWith('/') && !isSeen && !wouldShow && existsSync(at)) view.binds.push([at, at]);
  }
  view.hidden = hidden.filter((secret) => view.binds.some(([, to]) => isWithin(secret, to)));
  return view;
}

/**
 * A folder of programs, and what they need beside it: all of `/opt/tool` for `/opt/tool/bin`, but of a
 * person's home only the folder itself, and the packages of a Node that lives there.
 */
function toolFolders(folder: string): string[] {
  if (!folder.startsWith('/')) return [];
  const at = resolve(folder);
  const above = dirname(at);
  const isBin = ['bin', 'sbin'].includes(basename(at)) && above.split('/').length > 2;
  if (!isBin) return [at];
  const homes = [homedir(), '/root', '/home'];
  if (homes.some((home) => isWithin(at, home))) return [at, join(above, 'lib/node_modules')];
  return [above];
}

function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
