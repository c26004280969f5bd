/** Artifact store and cache in memory, for tests. They lose and refuse on request. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ArtifactMissing, type ArtifactStore, type CacheStore } from './artifacts.ports.js';

export class FakeArtifacts implements ArtifactStore {
  private readonly held = new Map<string, Buffer>();
  private folder: string | undefined;

  /** Set it to make every write fail with it: a full disk. */
  refusal: Error | undefined;

  async putFile(path: string): Promise<{ digest: string; bytes: number }> {
    if (this.refusal) throw this.refusal;
    const bytes = await readFile(path);
    await rm(path);
    return { digest: this.put(bytes), bytes: bytes.length };
  }

  put(bytes: Buffer): string {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    this.held.set(digest, bytes);
    return digest;
  }

  /** The store's folder was emptied. */
  lose(digest: string): void {
    this.held.delete(digest);
  }

  get digests(): string[] {
    return [...this.held.keys()];
  }

  async has(digest: string): Promise<boolean> {
    return this.held.has(digest);
  }

  async read(digest: string): Promise<Readable> {
    return Readable.from([this.get(digest)]);
  }

  async path(digest: string): Promise<string> {
    const bytes = this.get(digest);
    this.folder ??= await mkdtemp(join(tmpdir(), 'slipway-fake-artifacts-'));
    const path = join(this.folder, randomUUID());
    await writeFile(path, bytes);
    return path;
  }

  async clean(): Promise<void> {
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  private get(digest: string): Buffer {
    const bytes = this.held.get(digest);
    if (!bytes) throw new ArtifactMissing(digest);
    return bytes;
  }
}

export class FakeCaches implements CacheStore {
  readonly kept = new Map<string, string>();

  async lookup(key: string): Promise<string | undefined> {
    return this.kept.get(key);
  }

  async keep(key: string, digest: string): Promise<void> {
    this.kept.set(key, digest);
  }
}
