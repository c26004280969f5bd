/**
 * Master keys: a folder outside of the database, with one file a key, `ID.key`, and `current`, which
 * names the key that seals from now on.
 *
 * Nothing is ever removed or overwritten but `current`: a backup of the database needs the keys of its
 * time. Files appear whole or not at all, and only under names that were free.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { KEY_BYTES, type MasterKey } from './envelope.js';
import { KeyMissing, KeyUnusable } from './secrets.errors.js';
import type { Keys } from './secrets.ports.js';

const KEY_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const CURRENT = 'current';

export class KeyFolder implements Keys {
  /** @param folder made at the first use, with mode 0700. */
  constructor(private readonly folder: string) {}

  async current(): Promise<MasterKey> {
    const id = await this.currentId();
    if (id !== undefined) return this.byId(id);
    await this.make();
    const first = await this.add();
    // Of several that begin at once the first one to name its key wins.
    const named = await this.whole(`${first.id}\n`);
    await link(named, join(this.folder, CURRENT)).catch(unlessThere);
    await unlink(named);
    return this.current();
  }

  async next(): Promise<MasterKey> {
    await this.current();
    const key = await this.add();
    await this.using('the next key cannot be named', async () =>
      rename(await this.whole(`${key.id}\n`), join(this.folder, CURRENT)),
    );
    return key;
  }

  async byId(id: string): Promise<MasterKey> {
    if (!KEY_ID.test(id)) throw new KeyUnusable(`"${id}" cannot be the name of a key`);
    const file = join(this.folder, `${id}.key`);
    const text = await textOf(file);
    if (text === undefined) throw new KeyMissing(id, file);
    const bytes = Buffer.from(text.trim(), 'base64');
    if (bytes.length === KEY_BYTES) return { id, bytes };
    throw new KeyUnusable(`${file} does not hold a key: ${KEY_BYTES} bytes in base64`);
  }

  private async currentId(): Promise<string | undefined> {
    return (await textOf(join(this.folder, CURRENT)))?.trim();
  }

  private make(): Promise<unknown> {
    return this.using('the folder of keys cannot be made', () =>
      mkdir(this.folder, { recursive: true, mode: 0o700 }),
    );
  }

  /** A new key, on disk for sure. */
  private async add(): Promise<MasterKey> {
    const id = `k-${randomBytes(6).toString('hex')}`;
    const bytes = randomBytes(KEY_BYTES);
    await this.using('a new key cannot be written', async () => {
      await rename(
        await this.whole(`${bytes.toString('base64')}\n`),
        join(this.folder, `${id}.key`),
      );
      await synced(this.folder);
    });
    return { id, bytes };
  }

  /** A file with this text under a name of its own. */
  private async whole(text: string): Promise<string> {
    const path = join(this.folder, `.new-${randomBytes(6).toString('hex')}`);
    return this.using('the folder of keys cannot be written to', async () => {
      const file = await open(path, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      return path;
    });
  }

  private async using<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof KeyUnusable ? error : new KeyUnusable(what, error);
    }
  }
}

/** Undefined when there is no such file. @throws {KeyUnusable} when it cannot be read. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KeyUnusable(`${file} cannot be read`, error);
  }
}

async function synced(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw new KeyUnusable('the first key cannot be named', error);
}
