/** Secrets in memory, for tests. They misbehave on request. */
import type { SecretScope } from '../store/store.ports.js';
import type { Candidate, SecretSource } from './secrets.ports.js';

export class FakeSecrets implements SecretSource {
  where = '';
  /** Thrown by every question until it is taken back. */
  trouble: Error | undefined;
  /** Thrown when a value is opened, until it is taken back. */
  closed: Error | undefined;
  /** Removed between the question and the opening. */
  vanish = false;
  readonly asked: { repository: string; names: readonly string[] }[] = [];
  private readonly all: (SecretScope & { name: string; text: string })[] = [];

  set(name: string, text: string, scope: Partial<SecretScope> = {}): void {
    this.all.push({ repository: null, branches: [], stage: null, ...scope, name, text });
  }

  async candidates(asked: { repository: string; names: readonly string[] }): Promise<Candidate[]> {
    this.asked.push(asked);
    if (this.trouble) throw this.trouble;
    return this.all
      .filter(({ name }) => asked.names.includes(name))
      .map(({ text, ...rest }) => ({ ...rest, value: () => this.open(text) }));
  }

  private async open(text: string): Promise<string | undefined> {
    if (this.closed) throw this.closed;
    return this.vanish ? undefined : text;
  }
}
