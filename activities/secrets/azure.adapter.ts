/**
 * Azure Key Vault, with the managed identity of the machine. A secret's name holds no underscore, so
 * `NPM_TOKEN` of `shop` is `PREFIX-shop--NPM-TOKEN`, and `PREFIX--NPM-TOKEN` for every repository. Its tags say
 * whose it is: `name` and `repository` must be there, because two names can become one; `branches` and
 * `stage` say where it applies.
 */
import { z } from 'zod';
import { type Asked, askFor } from './ask.js';
import { scopeOf, understood } from './labels.js';
import { SecretsUnavailable } from './secrets.errors.js';
import type { Candidate, SecretSource } from './secrets.ports.js';

const ASKED: Asked = {
  where: 'Azure Key Vault',
  help:
    'Check SLIPWAY_SECRETS_URL, and that the managed identity of this machine may get secrets of that ' +
    'vault (role "Key Vault Secrets User").',
};
const API_VERSION = '7.4';
const RESOURCE = 'https://vault.azure.net';
/** A token is asked for anew this long before it ends, milliseconds. */
const EARLY_MS = 120_000;

const Token = z.object({ access_token: z.string(), expires_in: z.coerce.number() });
const Answer = z.object({
  value: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
});

export interface AzureOptions {
  /** Of the vault: `https://NAME.vault.azure.net`. */
  url: string;
  /** How the names of our secrets begin. */
  prefix: string;
  /** Of the machine's identity endpoint, without a query. */
  identityUrl: string;
}

export class AzureSecrets implements SecretSource {
  readonly where = ASKED.where;
  private token: { text: string; endsMs: number } | undefined;

  constructor(private readonly options: AzureOptions) {}

  async candidates(asked: { repository: string; names: readonly string[] }): Promise<Candidate[]> {
    const authorization = `Bearer ${await this.bearer()}`;
    const found: (Candidate | undefined)[] = [];
    for (const name of asked.names) {
      const both = [asked.repository, null].map((of) => this.one(of, name, authorization));
      found.push(...(await Promise.all(both)));
    }
    return found.filter((one) => one !== undefined);
  }

  private async one(
    repository: string | null,
    name: string,
    authorization: string,
  ): Promise<Candidate | undefined> {
    const { url, prefix } = this.options;
    const whose = repository === null ? prefix : `${prefix}-${repository}`;
    const object = `${whose}--${name.replaceAll('_', '-')}`;
    const address = new URL(`/secrets/${object}?api-version=${API_VERSION}`, url);
    const document = await askFor({ url: address, headers: { authorization } }, ASKED);
    if (document === undefined) return undefined;
    const { value, tags = {} } = understood(Answer, document, ASKED);
    if (tags['name'] !== name || tags['repository'] !== (repository ?? '*')) {
      const what = `has a secret "${object}" whose tags do not say name=${name} and repository=${repository ?? '*'}`;
      throw new SecretsUnavailable(ASKED.where, what, ASKED.help);
    }
    return { ...scopeOf(tags, name, ASKED), name, repository, value: async () => value };
  }

  private async bearer(): Promise<string> {
    if (this.token && this.token.endsMs > Date.now()) return this.token.text;
    const url = new URL(this.options.identityUrl);
    url.search = new URLSearchParams({
      'api-version': '2018-02-01',
      resource: RESOURCE,
    }).toString();
    const asked = { ...ASKED, where: "this machine's managed identity" };
    const document = await askFor({ url, headers: { metadata: 'true' } }, asked);
    if (document === undefined) {
      throw new SecretsUnavailable(asked.where, `at ${url.host} answered 404`, asked.help);
    }
    const { access_token: text, expires_in: seconds } = understood(Token, document, asked);
    this.token = { text, endsMs: Date.now() + seconds * 1_000 - EARLY_MS };
    return text;
  }
}
