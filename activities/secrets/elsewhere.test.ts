import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Config } from '../platform/config.js';
import type { SecretsStore } from '../store/store.ports.js';
import { secretParts } from './assemble.js';
import { type Given, giveSecrets } from './give.js';
import { SecretsElsewhere, SecretsUnavailable } from './secrets.errors.js';
import { TestServer } from './testing.server.js';

// Against servers that speak what the services' documentation says; not against the services.

const VALUE = 'correct horse battery staple';

let server: TestServer;
let root: string;
beforeEach(async () => {
  server = await TestServer.start();
  root = await mkdtemp(join(tmpdir(), 'slipway-secrets-'));
  await mkdir(join(root, 'account'));
  await writeFile(join(root, 'token'), 's.first\n');
  await writeFile(join(root, 'account', 'token'), 'pod-token');
  await writeFile(join(root, 'account', 'namespace'), 'ci');
});
afterEach(async () => {
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

function partsOf(where: Config['SLIPWAY_SECRETS'], over: Partial<Config> = {}) {
  const config = Config.parse({
    SLIPWAY_HOME: root,
    DATABASE_URL: 'postgres://nobody',
    SLIPWAY_SECRETS: where,
    SLIPWAY_SECRETS_URL: server.url,
    SLIPWAY_SECRETS_TOKEN_FILE: join(root, 'token'),
    SLIPWAY_SECRETS_IDENTITY_URL: `${server.url}/identity`,
    SLIPWAY_SECRETS_ACCOUNT: join(root, 'account'),
    ...over,
  });
  return secretParts(config, {} as SecretsStore);
}

/** What a step of `shop` that checks staging is given on this branch. */
function ask(where: Config['SLIPWAY_SECRETS'], branch = 'main'): Promise<Given> {
  const asker = { repository: 'shop', branch, stage: 'staging' };
  return giveSecrets(partsOf(where).source, ['NPM_TOKEN'], asker);
}

const TOKEN_PATH = '/identity?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net';
const AZURE_PATH = (name: string) => `/secrets/${name}?api-version=7.4`;
const KUBERNETES_PATH = (name: string) => `/api/v1/namespaces/ci/secrets/${name}`;

/** Puts a secret where each service keeps it. */
const services = {
  vault: (repository: string | null, labels?: Record<string, string>) => {
    const path = `/v1/secret/data/slipway/${repository ?? '_all'}/NPM_TOKEN`;
    const metadata = { version: 1, custom_metadata: labels ?? null };
    server.documents.set(path, { data: { data: { value: VALUE }, metadata } });
  },
  azure: (repository: string | null, labels: Record<string, string> = {}) => {
    server.documents.set(TOKEN_PATH, { access_token: 'aad', expires_in: '3599' });
    const name = repository === null ? 'slipway--NPM-TOKEN' : `slipway-${repository}--NPM-TOKEN`;
    const tags = { name: 'NPM_TOKEN', repository: repository ?? '*', ...labels };
    server.documents.set(AZURE_PATH(name), { value: VALUE, id: 'https://x', tags });
  },
  kubernetes: (repository: string | null, labels: Record<string, string> = {}) => {
    const entries = Object.entries(labels).map(([label, text]) => [
      `${label}.slipway/NPM_TOKEN`,
      text,
    ]);
    server.documents.set(
      KUBERNETES_PATH(repository === null ? 'slipway.all' : `slipway-${repository}`),
      {
        metadata: { annotations: Object.fromEntries(entries) },
        data: { NPM_TOKEN: Buffer.from(VALUE).toString('base64') },
      },
    );
  },
};
const each = Object.entries(services) as [keyof typeof services, typeof services.azure][];

describe.each(each)('secrets in %s', (where, put) => {
  it('are given from the place of the repository, or from that of every repository', async () => {
    put(null);
    expect(await ask(where)).toEqual({ ok: true, values: { NPM_TOKEN: VALUE } });
    put('shop', { branches: 'main release/*', stage: 'staging' });
    expect(await ask(where)).toMatchObject({ ok: true });
  });

  it('go where their labels say, and nowhere else', async () => {
    put('shop', { branches: 'main release/*' });
    expect(await ask(where, 'release/1')).toMatchObject({ ok: true });
    expect(await ask(where, 'feature')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('is not set for the branch "feature"'),
    });
    put('shop', { stage: 'production' });
    expect(await ask(where)).toMatchObject({ ok: false });
  });

  it.each([{ branches: '' }, { branches: '[main]' }, { branches: '!main' }, { stage: 'A B' }])(
    'are given to nobody when a label says nothing: %j',
    async (labels) => {
      put('shop', labels);
      await expect(ask(where)).rejects.toThrow(SecretsUnavailable);
    },
  );

  it('are not set where the service has none, which is a no', async () => {
    put('other');
    expect(await ask(where)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^the secret "NPM_TOKEN" is not set\. Secrets are kept in/),
    });
  });

  it.each([
    ['refuses us', { status: 403, text: `{"secret":"${VALUE}"}` }, 'answered 403'],
    ['speaks something else', { status: 200, text: `<p>${VALUE}</p>` }, 'that is not JSON'],
    ['speaks another form', { status: 200, text: `{"x":"${VALUE}"}` }, 'form that we do not know'],
    ['says too much', { status: 200, text: ' '.repeat(3_000_000) }, 'more than 2097152 bytes'],
    ['sends us elsewhere', { status: 302, text: '' }, 'answered 302'],
  ])('are an error, without a value in it, when it %s', async (_how, instead, why) => {
    put('shop');
    server.instead = instead;
    const thrown: SecretsUnavailable = await ask(where).then(
      () => Promise.reject(new Error('it must fail')),
      (error: SecretsUnavailable) => error,
    );
    expect(thrown).toBeInstanceOf(SecretsUnavailable);
    expect(thrown.message).toContain(why);
    expect(thrown.help).toContain('Check');
    expect(`${thrown.message} ${thrown.stack}`).not.toMatch(/horse|s\.first|pod-token|aad/);
  });

  it('are an error while nobody answers', async () => {
    put('shop');
    const { url } = server;
    await server.stop();
    const asked = giveSecrets(partsOf(where, { SLIPWAY_SECRETS_URL: url }).source, ['A'], {
      ...{ repository: 'shop', branch: 'main', stage: undefined },
    });
    await expect(asked).rejects.toThrow('cannot be reached');
  });

  it('are set, listed and removed there', async () => {
    await expect(partsOf(where).keeper.list({ limit: 1 })).rejects.toThrow(SecretsElsewhere);
  });
});

describe('what the services are sent', () => {
  it('is the token of the file, as it is at that moment, for Vault', async () => {
    services.vault('shop');
    const { source } = partsOf('vault');
    const asked = { repository: 'shop', names: ['NPM_TOKEN'] };
    await source.candidates(asked);
    await writeFile(join(root, 'token'), 's.second');
    await source.candidates(asked);
    const tokens = server.asked.map(({ headers }) => headers['x-vault-token']);
    expect(new Set(tokens)).toEqual(new Set(['s.first', 's.second']));
    await rm(join(root, 'token'));
    await expect(source.candidates(asked)).rejects.toThrow('token file');
  });

  it('is a token of the managed identity, asked for once, for Azure', async () => {
    services.azure('shop');
    const { source } = partsOf('azure');
    const asked = { repository: 'shop', names: ['NPM_TOKEN'] };
    await source.candidates(asked);
    await source.candidates(asked);
    const [first, ...rest] = server.asked;
    expect([first?.url, first?.headers['metadata']]).toEqual([TOKEN_PATH, 'true']);
    expect(rest).toHaveLength(4);
    expect(rest.every(({ headers }) => headers.authorization === 'Bearer aad')).toBe(true);
  });

  it('is the token of the service account, in the namespace of the pod, for Kubernetes', async () => {
    services.kubernetes('shop');
    await ask('kubernetes');
    const [first] = server.asked;
    expect(first?.headers.authorization).toBe('Bearer pod-token');
    expect(server.asked.map(({ url }) => url).sort()).toEqual([
      KUBERNETES_PATH('slipway-shop'),
      KUBERNETES_PATH('slipway.all'),
    ]);
  });
});

describe('a secret of Azure', () => {
  it('whose tags do not name it is another one with the same name there', async () => {
    services.azure('shop', { name: 'NPM__TOKEN' });
    await expect(ask('azure')).rejects.toThrow('whose tags do not say name=NPM_TOKEN');
  });
});

describe('the configuration', () => {
  it('names the variable that is missing', () => {
    expect(() => partsOf('vault', { SLIPWAY_SECRETS_URL: '' })).toThrow(
      'SLIPWAY_SECRETS is "vault", and SLIPWAY_SECRETS_URL is not set',
    );
  });
});
