/** Whether the sandbox really works here: having its programs is not enough. */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { wordsOf } from '../../platform/errors.js';
import type { Executor } from '../build.ports.js';

/** A process that sees itself as one of few, and a network with a way out. */
const SCRIPT = '[[ $$ -lt 9 && $(</proc/net/dev) == *tap0* && ! -w /usr ]] && : >probe';
/** Of the usual reasons, by the words that the programs complain with. */
const ADVICE: [RegExp, string][] = [
  [
    /Permission denied|Operation not permitted|uid map|user namespace|No space left/i,
    'unprivileged user namespaces seem to be switched off; see the sysctls ' +
      'user.max_user_namespaces, kernel.unprivileged_userns_clone and ' +
      'kernel.apparmor_restrict_unprivileged_userns, or the rights of the container that this is',
  ],
  [/tun/i, 'make /dev/net/tun available'],
];

export type Probed = { ok: true } | { ok: false; reason: string; help: string };

/** Runs one small program in it, as a step's would be. @param folder see SandboxOptions. */
export async function probe(executor: Executor, folder: string): Promise<Probed> {
  const root = join(folder, `probe-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(root, { recursive: true });
    if (executor.owner) await chown(root, executor.owner.uid, executor.owner.gid);
    const { path } = await executor.shell();
    const started = await executor.start({
      argv: [path, '-c', SCRIPT],
      folder: root,
      env: { PATH: '/usr/bin:/bin' },
      ...{ writable: root, readable: [], network: 'default' },
    });
    try {
      const [, said, { exitCode }] = await Promise.all([
        text(started.stdout),
        text(started.stderr),
        started.ended,
      ]);
      if (exitCode === 0) return { ok: true };
      return refused(said.trim() || `its test ended with exit code ${exitCode}`);
    } finally {
      started.signal('SIGKILL');
      started.release();
    }
  } catch (error) {
    return refused(wordsOf(error));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function refused(reason: string): Probed {
  const help = ADVICE.find(([words]) => words.test(reason))?.[1];
  return { ok: false, reason, help: help ?? 'try bwrap and slirp4netns by hand, as this user' };
}
