/** Secrets of our own store: rows of the record, opened with keys that are not in it. */
import type { SecretsStore } from '../store/store.ports.js';
import { unseal } from './envelope.js';
import type { Candidate, Keys, SecretSource } from './secrets.ports.js';

export class StoredSecrets implements SecretSource {
  readonly where = '';

  constructor(
    private readonly secrets: Pick<SecretsStore, 'applying' | 'sealed'>,
    private readonly keys: Pick<Keys, 'byId'>,
  ) {}

  async candidates(asked: { repository: string; names: readonly string[] }): Promise<Candidate[]> {
    const rows = await this.secrets.applying({ ...asked, names: [...asked.names] });
    return rows.map(({ id, name, repository, branches, stage }) => ({
      name,
      repository,
      branches,
      stage,
      value: () => this.open(id),
    }));
  }

  private async open(id: string): Promise<string | undefined> {
    const row = await this.secrets.sealed(id);
    return row && unseal(row, await this.keys.byId(row.keyId));
  }
}
