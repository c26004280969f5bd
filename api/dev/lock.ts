/** One stack per home. The lock names its holder; a holder that is gone holds nothing. */
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from './identity.js';

export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
  constructor(home: string, pid: number) {
    super(
      `a stack is already running on "${home}" (process ${pid}).\n` +
        'Use it, stop it with Ctrl-C in its terminal, or choose another folder with SLIPWAY_HOME.',
    );
  }
}

/** Takes the lock of `home`. Returns how to give it back. @throws {AlreadyRunning} */
export async function takeLock(home: string): Promise<() => Promise<void>> {
  const file = join(home, 'stack.lock');
  for (;;) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(JSON.stringify(await identify(process.pid)));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = parse(await readFile(file, 'utf8').catch(() => ''));
    if (holder && (await isAlive(holder))) throw new AlreadyRunning(home, holder.pid);
    await rm(file, { force: true });
  }
}

function parse(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
