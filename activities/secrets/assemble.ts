/** Where secrets are kept here, by configuration: for the worker a source, for the API a keeper. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../platform/config.js';
import type { SecretsStore } from '../store/store.ports.js';
import { AzureSecrets } from './azure.adapter.js';
import { createSecretKeeper, keeperElsewhere, type SecretKeeper } from './keeper.js';
import { KeyFolder } from './keys.js';
import { KubernetesSecrets } from './kubernetes.adapter.js';
import type { SecretSource } from './secrets.ports.js';
import { StoredSecrets } from './store.adapter.js';
import { VaultSecrets } from './vault.adapter.js';

const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const API_SERVER = 'https://kubernetes.default.svc';
const IDENTITY_URL = 'http://169.254.169.254/metadata/identity/oauth2/token';

export interface SecretParts {
  source: SecretSource;
  keeper: SecretKeeper;
}

/** @throws {Error} that names the variable that is missing. */
export function secretParts(config: Config, secrets: SecretsStore): SecretParts {
  if (config.SLIPWAY_SECRETS === 'store') {
    const keys = new KeyFolder(config.SLIPWAY_KEYS || join(config.SLIPWAY_HOME, 'keys'));
    return {
      source: new StoredSecrets(secrets, keys),
      keeper: createSecretKeeper(secrets, keys),
    };
  }
  const source = elsewhere(config, config.SLIPWAY_SECRETS);
  return { source, keeper: keeperElsewhere(source.where) };
}

function elsewhere(
  config: Config,
  where: Exclude<Config['SLIPWAY_SECRETS'], 'store'>,
): SecretSource {
  const { SLIPWAY_SECRETS_URL: url, SLIPWAY_SECRETS_PATH: path } = config;
  const file = config.SLIPWAY_SECRETS_CA_FILE;
  switch (where) {
    case 'vault':
      return new VaultSecrets({
        url: needed(url, 'SLIPWAY_SECRETS_URL', where),
        path: path || 'secret/slipway',
        tokenFile: needed(config.SLIPWAY_SECRETS_TOKEN_FILE, 'SLIPWAY_SECRETS_TOKEN_FILE', where),
        ca: file === '' ? undefined : readFileSync(file, 'utf8'),
      });
    case 'azure':
      return new AzureSecrets({
        url: needed(url, 'SLIPWAY_SECRETS_URL', where),
        prefix: path || 'slipway',
        identityUrl: config.SLIPWAY_SECRETS_IDENTITY_URL || IDENTITY_URL,
      });
    case 'kubernetes':
      return new KubernetesSecrets({
        url: url || API_SERVER,
        namespace: path,
        accountFolder: config.SLIPWAY_SECRETS_ACCOUNT || ACCOUNT_FOLDER,
      });
  }
}

function needed(value: string, variable: string, where: string): string {
  if (value !== '') return value;
  throw new Error(`SLIPWAY_SECRETS is "${where}", and ${variable} is not set`);
}
