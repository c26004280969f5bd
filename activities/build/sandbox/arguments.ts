/** The shell code that makes a cell, its network, and a step in it. Pure. */
import type { Owner, Program } from '../build.ports.js';
import { CELL } from '../launcher.program.js';
import { quoted } from '../quoted.js';
import type { StepLimits } from './limits.js';
import type { Tools } from './tools.js';
import type { View } from './view.js';

/** Who steps are to themselves. */
const USER = '1000';
/** What /dev/shm holds, and /tmp where it is in memory; bytes. */
const SHARED_MEMORY_BYTES = 67_108_864;

export interface Place {
  tools: Tools;
  view: View;
  /** Who cells and steps are to the machine; undefined: the worker's own user, who is not root. */
  owner: Owner | undefined;
  limits: StepLimits;
}

export interface CellWishes {
  place: Place;
  /** Where it reads its requests from: a named pipe. */
  requests: string;
  /** Folder of the named pipes. */
  pipes: string;
  /** Files that take a process into its control group, one a line. */
  groups: string[];
  /** Folders that steps may be given, and files for what stands beside them. */
  writable: string[];
  readable: string[];
}

/**
 * Becomes a cell: a launcher with a network of its own, that sees no more than what steps may be given.
 * As root it drops to another user first, for whom nothing of root's is writable: not /proc/sys, not
 * the modes of devices, both of which root could change even without capabilities.
 *
 * A worker that is not root makes itself root of a namespace of users, and of nothing else: so it may
 * set up the network, and hand part of its own rights on to the namespaces of steps.
 */
export function cellCode({ place, requests, pipes, groups, ...folders }: CellWishes): string {
  const { tools, view, owner } = place;
  const binds = [
    ...above([...view.binds.map(([, to]) => to), ...Object.values(folders).flat(), pipes]),
    ...systemArguments(view, view.binds),
    ...['--dev-bind', '/dev', '/dev', '--bind', '/proc', '/proc'],
    ...folders.readable.flatMap((each) => ['--ro-bind', each, each]),
    ...[...folders.writable, pipes].flatMap((each) => ['--bind', each, each]),
  ];
  const user = owner ? [] : [tools.unshare, '--user', '--map-root-user', '--'];
  const drop = owner ? dropping(tools, owner) : [];
  return [
    ...groups.map((file) => `echo 0 >${quoted(file)} || exit 126`),
    `exec <${quoted(requests)}`,
    becoming([
      ...[...user, tools.bwrap, '--unshare-net', '--unshare-ipc', '--clearenv', ...binds],
      ...['--chdir', pipes, '--', ...drop],
      ...[tools.bash, '--norc', '--noprofile', '-c', CELL, 'cell'],
    ]),
  ].join('\n');
}

/**
 * Becomes the way out of a cell's network, with what leads back into this machine closed. Prints `1`
 * when it is open, and ends when the cell's requests do.
 */
export function wayOutCode(
  { tools, owner }: Place,
  { pid, requests, ownAddresses }: { pid: number; requests: string; ownAddresses: string[] },
): string {
  const enter = [
    tools.nsenter,
    '-t',
    `${pid}`,
    '-n',
    ...(owner ? [] : ['-U', '--preserve-credentials']),
  ];
  // Of clouds: there a machine tells whoever asks what it is allowed to do.
  const closed = ['169.254.0.0/16', ...ownAddresses.map((address) => `${address}/32`)];
  const routes = closed.map((to) => `route add unreachable ${to}`).join('\n');
  return [
    ...(tools.ip
      ? [`${words([...enter, tools.ip, '-batch', '-'])} <<<${quoted(routes)} || exit 126`]
      : []),
    `exec <${quoted(requests)}`,
    `${becoming([
      ...[tools.slirp4netns, '--configure', '--mtu=65520', '--disable-host-loopback'],
      ...['--enable-sandbox', '--enable-seccomp', '--ready-fd=4', '--exit-fd=0', `${pid}`, 'tap0'],
    ])} 4>&1 >/dev/null`,
  ].join('\n');
}

/**
 * Becomes a step's program. Its environment comes through a pipe: no value is in a command line that
 * others could read, and none is there for the programs that run before the walls are up.
 *
 * It stays in the group of its cell's making, without `--die-with-parent`: then what it left in the
 * background may say its last words, and ends with the group, for its first process is in it.
 *
 * @param pidFile where that first process's pid is written to.
 */
export function stepCode(
  { tools, view, limits }: Place,
  program: Program,
  { hasGroups, pidFile }: { hasGroups: boolean; pidFile: string },
): string {
  const { argv, folder, env, writable, readable } = program;
  const bind = [
    ...['--unshare-user', '--disable-userns', '--uid', USER, '--gid', USER],
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--hostname', 'slipway', '--clearenv'],
    ...systemArguments(view, composed(view)),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--size', `${SHARED_MEMORY_BYTES}`, '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...['/tmp', '/var/tmp'].flatMap((at) => temporaryArguments(at, program)),
    ...['--bind', writable, writable],
    ...readable.flatMap((each) => ['--ro-bind', each, each]),
    ...['--remount-ro', '/', '--chdir', folder],
  ];
  const { processes } = limits;
  const counted = hasGroups ? [] : [tools.prlimit, `--nproc=${processes}:${processes}`];
  const values = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
  return [
    'ulimit -c 0',
    `ulimit -n ${limits.openFiles} 2>/dev/null`,
    `ulimit -f ${limits.diskMib * 1_024}`,
    'echo 1000 >/proc/self/oom_score_adj', // Whoever must die for memory: steps, not us.
    `${becoming([tools.bwrap, ...bind, '--info-fd', '8', '--args', '9', '--', ...counted, ...argv])} 8>${quoted(pidFile)} 9< <(printf '%s\\0' ${words(values)})`,
  ].join('\n');
}

/** As the cell has put it together: a bind takes what is bound below it along. */
function composed({ binds }: View): View['binds'] {
  const places = binds.map(([, to]) => to);
  const isOnTop = (at: string) => !places.some((other) => at.startsWith(`${other}/`));
  return places.filter(isOnTop).map((at) => [at, at]);
}

function systemArguments({ links, hidden }: View, binds: View['binds']): string[] {
  return [
    ...binds.flatMap(([from, to]) => ['--ro-bind', from, to]),
    ...links.flatMap(([text, at]) => ['--symlink', text, at]),
    ...hidden.flatMap((at) => ['--tmpfs', at]),
  ];
}

/** A link to the workspace's own folder; where that lies below, a small folder in memory. */
function temporaryArguments(at: string, { env, writable, readable }: Program): string[] {
  const isAbove = [writable, ...readable].some((path) => path.startsWith(`${at}/`));
  if (isAbove) return ['--size', `${SHARED_MEMORY_BYTES}`, '--perms', '1777', '--tmpfs', at];
  return ['--symlink', env['TMPDIR'] ?? writable, at];
}

/** Folders above these, made before bubblewrap does: it would close them to any other user. */
function above(paths: string[]): string[] {
  const folders = paths.flatMap((path) => {
    const parts = path.split('/').slice(1, -1);
    return parts.map((_part, at) => `/${parts.slice(0, at + 1).join('/')}`);
  });
  return [...new Set(folders)].flatMap((folder) => ['--perms', '0755', '--dir', folder]);
}

function dropping({ setpriv }: Tools, { uid, gid }: Owner): string[] {
  return [
    ...[setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
    ...['--inh-caps=-all', '--bounding-set=-all', '--'],
  ];
}

function becoming(argv: string[]): string {
  return `exec ${words(argv)}`;
}

function words(argv: string[]): string {
  return argv.map((each) => quoted(each)).join(' ');
}
