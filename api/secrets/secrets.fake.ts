/** Secrets in memory, for tests of the door. They misbehave on request. */
import { randomUUID } from 'node:crypto';
import type { Page } from '../../activities/store/store.ports.js';
import type { NewSecret, Rotation } from '../../workflows/domain/secret.js';
import type { KeptSecret, SecretKeeper } from './secrets.ports.js';

export class FakeSecretKeeper implements SecretKeeper {
  readonly kept: (KeptSecret & { value: string })[] = [];
  /** Thrown by every call until it is taken back. */
  trouble: Error | undefined;
  /** Answered by rotations, in order; then none has more to do. */
  rotations: Rotation[] = [];

  async set({ value, ...secret }: NewSecret, by: string): Promise<KeptSecret> {
    this.misbehave();
    const { name, repository = null, branches = [], stage = null } = secret;
    const rest = { version: 1, keyId: 'k-1', updatedAt: new Date(), updatedBy: by };
    const row = { id: randomUUID(), name, repository, branches, stage, ...rest };
    this.kept.push({ ...row, value });
    return row;
  }

  async find(id: string): Promise<KeptSecret | undefined> {
    this.misbehave();
    return this.kept.find((one) => one.id === id);
  }

  async list({ repository }: { repository?: string }): Promise<Page<KeptSecret>> {
    this.misbehave();
    const applies = (one: KeptSecret) => [null, repository].includes(one.repository);
    const items = this.kept.filter((one) => repository === undefined || applies(one));
    return { items, next: null };
  }

  async remove(id: string): Promise<KeptSecret | undefined> {
    const found = await this.find(id);
    if (found)
      this.kept.splice(
        this.kept.findIndex((one) => one.id === id),
        1,
      );
    return found;
  }

  async rotate(): Promise<Rotation> {
    this.misbehave();
    const done = { keyId: 'k-2', isNewKey: true, rewrapped: this.kept.length };
    return this.rotations.shift() ?? { ...done, hasMore: false, stuck: [] };
  }

  private misbehave(): void {
    if (this.trouble) throw this.trouble;
  }
}
