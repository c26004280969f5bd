/** The executor `plain`: commands run as the worker's own user, with a clean environment, not isolated. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import type { Executor, Exit, Program, Shell, Started } from './build.ports.js';
import { Launcher } from './launcher.js';
import { endMarked, groupLives, send } from './processes.js';

const SHELLS: Shell[] = [
  { path: '/bin/bash', kind: 'bash' },
  { path: '/usr/bin/bash', kind: 'bash' },
  { path: '/usr/local/bin/bash', kind: 'bash' },
  { path: '/bin/sh', kind: 'sh' },
];

/**
 * Where bash is, on Linux, a launcher starts the programs; it costs a large worker next to nothing.
 * Elsewhere the worker starts them itself, and if it is killed they end when they next write.
 */
export class PlainExecutor implements Executor {
  readonly notice = 'executor plain: commands run as this user, not isolated';
  private readonly found: Promise<Shell>;
  private launcher: Promise<Launcher> | undefined;

  /** Begins its launcher at once: while the process is small, that is cheap. */
  constructor(shells: Shell[] = SHELLS) {
    this.found = findShell(shells);
    this.found.then(
      (shell) => this.launcherFor(shell)?.catch(() => {}),
      () => {}, // Whoever starts something hears of both.
    );
  }

  shell(): Promise<Shell> {
    return this.found;
  }

  async start(program: Program): Promise<Started> {
    const launcher = await this.launcherFor(await this.found);
    const { group, stdout, stderr, ended } = launcher
      ? await launcher.start(program)
      : await spawned(program);
    const marker = `SLIPWAY_OUTPUT=${program.env['SLIPWAY_OUTPUT']}\0`;
    return {
      stdout,
      stderr,
      ended,
      lives: () => groupLives(group),
      signal: (signal) => void send(-group, signal),
      endStragglers: (isUrgent) => endMarked(marker, isUrgent),
      release: () => launcher?.drop(group),
    };
  }

  /** Nothing may be running. */
  async close(): Promise<void> {
    const launcher = await this.launcher?.catch(() => undefined);
    launcher?.close();
  }

  private launcherFor(shell: Shell): Promise<Launcher> | undefined {
    if (shell.kind !== 'bash' || process.platform !== 'linux') return undefined;
    this.launcher ??= Launcher.begin(shell.path, () => {
      this.launcher = undefined; // The next start begins another.
    });
    return this.launcher;
  }
}

async function spawned({ argv: [file, ...args], folder, env }: Program) {
  const child = spawn(file, args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // A session and a process group of its own, named by its pid.
  });
  const ended = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  if (child.pid === undefined) throw (await once(child, 'error'))[0];
  child.on('error', () => {}); // Of signals sent in vain; `ended` tells the rest.
  return { group: child.pid, stdout: child.stdout, stderr: child.stderr, ended };
}

async function findShell(shells: Shell[]): Promise<Shell> {
  for (const shell of shells) {
    const isThere = await access(shell.path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return shell;
  }
  const looked = shells.map(({ path }) => path).join(', ');
  throw new Error(`there is no shell to run commands with (looked for ${looked}); install bash`);
}
