/** A library that pulls nothing, for tests of the door. It misbehaves on request. */
import type { Readable } from 'node:stream';
import type { ModelLibrary, Pull, PullWish, UploadWish } from './library.ports.js';

export class FakeModelLibrary implements ModelLibrary {
  readonly wishes: (PullWish | UploadWish)[] = [];
  readonly kept: Pull[] = [];
  /** Thrown by every call until it is taken back. */
  trouble: Error | undefined;

  async pull(wish: PullWish, by: string): Promise<Pull> {
    this.misbehave();
    this.wishes.push(wish);
    return this.add({ name: wish.name ?? 'a-model', source: wish.source, state: 'fetching', by });
  }

  async upload(wish: UploadWish, by: string): Promise<Pull> {
    this.misbehave();
    this.wishes.push(wish);
    const { name = 'a-model', file, bytes } = wish;
    return this.add({ name, source: `file:${file}`, totalBytes: bytes, state: 'waiting', by });
  }

  async receive(id: string, _offset: number, piece: Readable): Promise<Pull | undefined> {
    this.misbehave();
    const pull = await this.find(id);
    if (!pull) return undefined;
    for await (const chunk of piece) pull.bytes += (chunk as Buffer).length;
    if (pull.bytes === pull.totalBytes) pull.state = 'done';
    return pull;
  }

  async pulls(): Promise<Pull[]> {
    return this.kept;
  }

  async find(id: string): Promise<Pull | undefined> {
    return this.kept.find((pull) => pull.id === id);
  }

  async discard(id: string): Promise<boolean> {
    const at = this.kept.findIndex((pull) => pull.id === id);
    if (at >= 0) this.kept.splice(at, 1);
    return at >= 0;
  }

  private add(given: Partial<Pull>): Pull {
    const pull: Pull = {
      id: `${this.kept.length + 1}`.padStart(32, '0'),
      name: '',
      source: '',
      state: 'fetching',
      bytes: 0,
      totalBytes: null,
      digest: null,
      failure: null,
      by: '',
      startedAt: new Date(),
      ...given,
    };
    this.kept.push(pull);
    return pull;
  }

  private misbehave(): void {
    if (this.trouble) throw this.trouble;
  }
}
