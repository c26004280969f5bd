/** The bytes of a model that is not whole yet, and what is known of it: `<id>.part` and `<id>.json`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Pull } from '../../workflows/domain/pull.js';
import { writeDurably } from '../artifacts/durable.js';

const PartState = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  kind: z.enum(['fetch', 'upload']),
  name: z.string(),
  /** The name may be another model's. */
  replace: z.boolean(),
  source: z.string(),
  /** Where to go on by ourselves; null where the address had a query, which is written nowhere. */
  url: z.string().nullable(),
  /** Of the whole file, as whoever pulls it wants it. */
  sha256: z.string().nullable(),
  /** The same, as the source says it. */
  linked: z.string().nullable(),
  state: z.enum(['waiting', 'fetching', 'checking', 'done', 'failed', 'stopped']),
  /** That are surely on disk: what came after them is fetched again. */
  bytes: z.int().min(0),
  totalBytes: z.int().min(0).nullable(),
  /** ETag or Last-Modified of what is here: another one means another file. */
  validator: z.string().nullable(),
  digest: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string(), help: z.string() }).nullable(),
  by: z.string(),
  startedAt: z.iso.datetime(),
});
export type PartState = z.infer<typeof PartState>;

/** So much is lost at most when the process is killed: bytes (32 MiB) and milliseconds. */
const SYNC_EVERY_BYTES = 33_554_432;
const SYNC_EVERY_MS = 1_000;

export class Part {
  readonly path: string;

  constructor(
    private readonly folder: string,
    public state: PartState,
  ) {
    this.path = join(folder, `${state.id}.part`);
  }

  /** Undefined when there is none, or its words are of another version. */
  static async find(folder: string, id: string): Promise<Part | undefined> {
    const text = await readFile(join(folder, `${id}.json`), 'utf8').catch(() => undefined);
    const parsed = PartState.safeParse(jsonOf(text));
    return parsed.success ? new Part(folder, parsed.data) : undefined;
  }

  static async ids(folder: string): Promise<string[]> {
    const names = await readdir(folder).catch(() => []);
    return names
      .filter((name) => /^[0-9a-f]{32}\.json$/.test(name))
      .map((name) => name.slice(0, 32));
  }

  async save(change: Partial<PartState> = {}): Promise<void> {
    this.state = { ...this.state, ...change };
    await writeDurably(join(this.folder, `${this.state.id}.json`), JSON.stringify(this.state));
  }

  /** Cuts off what is not surely there, or everything when there is less than was said. */
  async settle(): Promise<void> {
    const size = await stat(this.path).then(
      (found) => found.size,
      () => 0,
    );
    if (size < this.state.bytes) await this.empty();
    else if (size > this.state.bytes) await truncate(this.path, this.state.bytes);
  }

  /** Forgets the bytes. */
  async empty(): Promise<void> {
    await rm(this.path, { force: true });
    await this.save({ bytes: 0, validator: null });
  }

  /**
   * Adds bytes behind those that are here; what came is kept when `source` breaks off.
   *
   * @param most bytes of the whole file; one more is thrown as what `tooMuch` makes.
   */
  async append(
    source: AsyncIterable<Uint8Array>,
    { most, tooMuch }: { most: number; tooMuch: () => Error },
  ): Promise<void> {
    const file = await open(this.path, this.state.bytes === 0 ? 'w' : 'r+');
    let unsynced = 0;
    let syncedAt = performance.now();
    try {
      for await (const chunk of source) {
        if (this.state.bytes + chunk.length > most) throw tooMuch();
        await writeAll(file, chunk, this.state.bytes);
        this.state.bytes += chunk.length;
        unsynced += chunk.length;
        const sinceMs = performance.now() - syncedAt;
        if (unsynced < SYNC_EVERY_BYTES && sinceMs < SYNC_EVERY_MS) continue;
        await file.datasync();
        await this.save();
        unsynced = 0;
        syncedAt = performance.now();
      }
    } finally {
      await file.datasync().catch(() => undefined);
      await file.close();
      await this.save();
    }
  }

  async digest(signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(this.path, { highWaterMark: 1_048_576 }), hash, { signal });
    return hash.digest('hex');
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(join(this.folder, `${this.state.id}.json`), { force: true });
  }

  view(): Pull {
    const { id, name, source, state, bytes, totalBytes, digest, failure, by } = this.state;
    const startedAt = new Date(this.state.startedAt);
    return { id, name, source, state, bytes, totalBytes, digest, failure, by, startedAt };
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
