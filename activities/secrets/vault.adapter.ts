/**
 * HashiCorp Vault, KV version 2: one secret at `PREFIX/REPOSITORY/NAME`, or at `PREFIX/_all/NAME` for every
 * repository. Its value is the field `value`; custom metadata `branches` and `stage` say where it applies.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Asked, askFor } from './ask.js';
import { scopeOf, understood } from './labels.js';
import { SecretsUnavailable } from './secrets.errors.js';
import type { Candidate, SecretSource } from './secrets.ports.js';

const ASKED: Asked = {
  where: 'Vault',
  help:
    'Check SLIPWAY_SECRETS_URL, SLIPWAY_SECRETS_PATH, and that the token in SLIPWAY_SECRETS_TOKEN_FILE ' +
    'is valid and may read below that path.',
};
const EVERY_REPOSITORY = '_all';

const Answer = z.object({
  data: z.object({
    data: z.object({ value: z.string() }),
    metadata: z.object({ custom_metadata: z.record(z.string(), z.string()).nullish() }),
  }),
});

export interface VaultOptions {
  url: string;
  /** `MOUNT/PREFIX`. */
  path: string;
  /** Read anew for each question: an agent renews it. */
  tokenFile: string;
  ca?: string | undefined;
}

export class VaultSecrets implements SecretSource {
  readonly where = ASKED.where;

  constructor(private readonly options: VaultOptions) {}

  async candidates(asked: { repository: string; names: readonly string[] }): Promise<Candidate[]> {
    const token = await this.token();
    const found: (Candidate | undefined)[] = [];
    for (const name of asked.names) {
      const both = [asked.repository, null].map((of) => this.one(of, name, token));
      found.push(...(await Promise.all(both)));
    }
    return found.filter((one) => one !== undefined);
  }

  private async one(
    repository: string | null,
    name: string,
    token: string,
  ): Promise<Candidate | undefined> {
    const { url, path, ca } = this.options;
    const [mount, ...prefix] = path.split('/').filter(Boolean);
    const place = [mount, 'data', ...prefix, repository ?? EVERY_REPOSITORY, name];
    const address = new URL(`v1/${place.join('/')}`, url.endsWith('/') ? url : `${url}/`);
    const headers = { 'x-vault-token': token, 'x-vault-request': 'true' };
    const document = await askFor({ url: address, headers, ca }, ASKED);
    if (document === undefined) return undefined;
    const { data } = understood(Answer, document, ASKED);
    const scope = scopeOf(data.metadata.custom_metadata ?? {}, name, ASKED);
    return { ...scope, name, repository, value: () => Promise.resolve(data.data.value) };
  }

  private async token(): Promise<string> {
    const { tokenFile } = this.options;
    try {
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (error) {
      const what = `cannot be asked: the token file "${tokenFile}" cannot be read`;
      throw new SecretsUnavailable(ASKED.where, what, ASKED.help, error);
    }
  }
}
