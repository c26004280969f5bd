/**
 * A stack whose whole home is on a small disk of its own, which a scenario fills and empties.
 *
 * The disk is a tmpfs in a mount namespace of the stack's: it goes with the last process in it, and
 * needs root or unprivileged user namespaces.
 */
import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { E2eStack } from '../harness/stack.js';

/** The last space goes page by page. */
const PIECES_BYTES = [1_048_576, 4_096];

const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];

export class SmallDisk {
  private constructor(
    readonly stack: E2eStack,
    private readonly folder: string,
    /** A folder on another disk, that steps reach, too. */
    readonly beside: string,
  ) {}

  /** Starts a stack on a disk of so many MiB. */
  static async start(mebibytes: number): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-disk-'));
    const mounted =
      'mount -t tmpfs -o "size=$1m,mode=755" slipway "$2" || exit 70; shift 2; exec "$@"';
    const beside = await mkdtemp(join(tmpdir(), 'slipway-beside-'));
    try {
      const stack = await E2eStack.start({
        home: join(folder, 'home'),
        env: { SLIPWAY_EXECUTOR: 'plain' }, // Steps wait for files on another disk.
        homeSeenBy: (pid) => join('/proc', String(pid), 'root', folder, 'home'),
        through: [
          'unshare',
          ...[...asUser, '--mount', '--', 'sh', '-c', mounted, 'sh'],
          ...[String(mebibytes), folder],
        ],
      });
      return new SmallDisk(stack, folder, beside);
    } catch (error) {
      await remove(folder, beside);
      throw error;
    }
  }

  /** Takes all space that is left but `leftBytes`. */
  async fill(leftBytes = 0): Promise<void> {
    const filler = await open(
      this.filler,
      constants.O_CREAT | constants.O_WRONLY | constants.O_APPEND,
    );
    try {
      for (const bytes of PIECES_BYTES) await writeAll(filler, Buffer.alloc(bytes, 'x'));
      if (leftBytes > 0) await filler.truncate((await filler.stat()).size - leftBytes);
    } finally {
      await filler.close();
    }
  }

  /** Gives all of it back. */
  async free(): Promise<void> {
    await rm(this.filler, { force: true });
  }

  async end(): Promise<void> {
    await this.free();
    await this.stack.interrupt();
    await remove(this.folder, this.beside);
  }

  private get filler(): string {
    return join(this.stack.home, 'filler');
  }
}

async function remove(...folders: string[]): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}

async function writeAll(to: { write: (bytes: Buffer) => Promise<unknown> }, bytes: Buffer) {
  for (;;) {
    try {
      await to.write(bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      return;
    }
  }
}
