/** The artifact store and the cache's names as plain files in a folder. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Digest } from '../../workflows/domain/names.js';
import { ArtifactMissing, type ArtifactStore, type CacheStore } from './artifacts.ports.js';
import { moveDurably, writeDurably } from './durable.js';

/**
 * Layout: `sha256/ab/<64 digits>`, read-only files. A file appears under its digest only when all of
 * it is on disk, so a crash leaves nothing that lies about its name.
 */
export class FilesArtifactStore implements ArtifactStore {
  constructor(private readonly folder: string) {}

  async putFile(path: string): Promise<{ digest: string; bytes: number }> {
    const digest = await digestOf(path);
    const { size: bytes } = await stat(path);
    if (await this.has(digest)) {
      await rm(path);
      return { digest, bytes };
    }
    await chmod(path, 0o444);
    await moveDurably(path, this.place(digest));
    return { digest, bytes };
  }

  async has(digest: string): Promise<boolean> {
    return exists(this.place(digest));
  }

  async read(digest: string): Promise<Readable> {
    try {
      const file = await open(this.place(digest), 'r');
      return file.createReadStream();
    } catch (error) {
      throw isAbsent(error) ? new ArtifactMissing(digest) : error;
    }
  }

  async path(digest: string): Promise<string> {
    if (!(await this.has(digest))) throw new ArtifactMissing(digest);
    return this.place(digest);
  }

  /** Where a file with these bytes is, or would be. */
  place(digest: string): string {
    const hex = Digest.parse(digest).slice('sha256:'.length);
    return join(this.folder, 'sha256', hex.slice(0, 2), hex);
  }
}

const CacheName = z.object({ key: z.string(), digest: Digest });

/** One small file per key, named by the key's hash: a key may hold any character. */
export class FilesCacheStore implements CacheStore {
  constructor(private readonly folder: string) {}

  async lookup(key: string): Promise<string | undefined> {
    try {
      const name = CacheName.parse(JSON.parse(await readFile(this.place(key), 'utf8')));
      return name.key === key ? name.digest : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async keep(key: string, digest: string): Promise<void> {
    await writeDurably(this.place(key), `${JSON.stringify({ key, digest })}\n`);
  }

  private place(key: string): string {
    const hex = createHash('sha256').update(key).digest('hex');
    return join(this.folder, hex.slice(0, 2), `${hex}.json`);
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1_048_576 }), hash);
  return `sha256:${hash.digest('hex')}`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
