/** The executor `plain`: commands run as the worker's own user, with a clean environment, not isolated. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import type { Executor, Exit, Network, Program, Shell, Started } from './build.ports.js';
import { Launchers } from './launcher.js';
import { startCode } from './launcher.program.js';
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
  readonly notice =
    'executor plain: commands run as this user and are not isolated; not protected are this ' +
    "user's files, Slipway's home, ports on loopback, and the machine's memory, CPU and disk";
  readonly owner = undefined;
  private readonly found: Promise<Shell>;
  private launchers: Launchers | undefined;

  /** Begins its launcher at once: while the process is small, that is cheap. */
  constructor(shells: Shell[] = SHELLS) {
    this.found = findShell(shells);
    this.found.then(
      (shell) =>
        this.launchersFor(shell)
          ?.current()
          .catch(() => {}),
      () => {}, // Whoever starts something hears of both.
    );
  }

  refusalOf(network: Network): string | undefined {
    if (network === 'default') return undefined;
    return (
      'the step asks for "network: none", and the executor plain cannot keep it from the network. ' +
      'Use the executor sandbox (see "slipway doctor"), or remove "network" from the step'
    );
  }

  shell(): Promise<Shell> {
    return this.found;
  }

  async start(program: Program): Promise<Started> {
    const launcher = await this.launchersFor(await this.found)?.current();
    const { group, stdout, stderr, ended } = launcher
      ? await launcher.start(startCode(program.argv, program.folder, program.env))
      : await spawned(program);
    const marker = `SLIPWAY_OUTPUT=${program.env['SLIPWAY_OUTPUT']}\0`;
    return {
      stdout,
      stderr,
      ended,
      lives: () => groupLives(group),
      signal: (signal) => void send(-group, signal),
      endStragglers: (isUrgent) => endMarked(marker, isUrgent),
      limitMet: () => undefined,
      release: () => launcher?.drop(group),
    };
  }

  async handOver(): Promise<void> {}

  async close(): Promise<void> {
    await this.launchers?.close();
  }

  private launchersFor(shell: Shell): Launchers | undefined {
    if (shell.kind !== 'bash' || process.platform !== 'linux') return undefined;
    this.launchers ??= new Launchers({ bash: shell.path });
    return this.launchers;
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
