/**
 * Kubernetes Secrets, with the service account of the pod. One object a repository, `slipway-REPOSITORY`, and
 * `slipway.all` for every repository; its keys are the secrets' names. Annotations `branches.slipway/NAME` and
 * `stage.slipway/NAME` say where one applies.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Asked, askFor } from './ask.js';
import { scopeOf, understood } from './labels.js';
import { SecretsUnavailable } from './secrets.errors.js';
import type { Candidate, SecretSource } from './secrets.ports.js';

const ASKED: Asked = {
  where: 'Kubernetes',
  help:
    'Check that the service account of this pod may "get" secrets in that namespace, and that ' +
    'SLIPWAY_SECRETS_URL and SLIPWAY_SECRETS_PATH (the namespace) are right.',
};

const Answer = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).optional() }),
  data: z.record(z.string(), z.base64()).optional(),
});

export interface KubernetesOptions {
  /** Of the API server. */
  url: string;
  /** Empty: that of the pod. */
  namespace: string;
  /** Of the service account: `token`, `ca.crt`, `namespace`. Read anew each time: tokens are renewed. */
  accountFolder: string;
}

export class KubernetesSecrets implements SecretSource {
  readonly where = ASKED.where;

  constructor(private readonly options: KubernetesOptions) {}

  async candidates(asked: { repository: string; names: readonly string[] }): Promise<Candidate[]> {
    const found = [asked.repository, null].map((of) => this.of(of, asked.names));
    return (await Promise.all(found)).flat();
  }

  private async of(repository: string | null, names: readonly string[]): Promise<Candidate[]> {
    const namespace = this.options.namespace || (await this.account('namespace'));
    const object = repository === null ? 'slipway.all' : `slipway-${repository}`;
    const url = new URL(`/api/v1/namespaces/${namespace}/secrets/${object}`, this.options.url);
    const headers = { authorization: `Bearer ${await this.account('token')}` };
    const ca = url.protocol === 'https:' ? await this.account('ca.crt') : undefined;
    const document = await askFor({ url, headers, ca }, ASKED);
    if (document === undefined) return [];
    const { data = {}, metadata } = understood(Answer, document, ASKED);
    return names.flatMap((name) => {
      const encoded = data[name];
      if (encoded === undefined) return [];
      const scope = scopeOf(labelsOf(metadata.annotations ?? {}, name), name, ASKED);
      return [{ ...scope, name, repository, value: async () => decoded(encoded) }];
    });
  }

  private async account(file: 'token' | 'ca.crt' | 'namespace'): Promise<string> {
    const path = join(this.options.accountFolder, file);
    try {
      return (await readFile(path, 'utf8')).trim();
    } catch (error) {
      const what = `cannot be asked: "${path}" of the service account cannot be read`;
      throw new SecretsUnavailable(ASKED.where, what, ASKED.help, error);
    }
  }
}

function labelsOf(annotations: Record<string, string>, name: string) {
  return {
    branches: annotations[`branches.slipway/${name}`],
    stage: annotations[`stage.slipway/${name}`],
  };
}

function decoded(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString('utf8');
}
