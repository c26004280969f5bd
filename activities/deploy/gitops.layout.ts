/**
 * Where things are in the GitOps repository, and what the files say.
 *
 * `apps/<repository>/base` is the same for all stages, and depends on nothing but the repository's name:
 * a change for one stage can never reach another. `apps/<repository>/overlays/<stage>` carries the
 * release, for Argo CD as kustomize and for the process target as `release.json`. Same input, same text.
 */
import { stringify } from 'yaml';
import type { Release } from '../../workflows/domain/release.js';
import type { StageState } from './gitops.rules.js';

/** Path in the repository -> text. `null` removes the file. */
export type Files = Record<string, string | null>;

/** Where an instance listens in a container. On one machine the reconciler chooses. */
const CONTAINER_PORT = 8080;

export function releasePath(repository: string, stage: string): string {
  return `apps/${repository}/overlays/${stage}/release.json`;
}

export function ledgerPath(repository: string, stage: string): string {
  return `apps/${repository}/overlays/${stage}/ledger.json`;
}

/** All files that a change of a stage writes. */
export function stageFiles(repository: string, stage: string, { current, ledger }: StageState) {
  const base = `apps/${repository}/base`;
  const files: Files = {
    [`${base}/kustomization.yaml`]: yaml(kustomization(['deployment.yaml', 'service.yaml'])),
    [`${base}/deployment.yaml`]: yaml(deployment(repository)),
    [`${base}/service.yaml`]: yaml(service(repository)),
    [`apps/${repository}/overlays/${stage}/kustomization.yaml`]: yaml(
      overlay(repository, stage, current),
    ),
    [releasePath(repository, stage)]: current && json(current),
    [ledgerPath(repository, stage)]: json(ledger),
  };
  return files;
}

function overlay(repository: string, stage: string, release: Release | null) {
  const labels = [{ pairs: { 'slipway.dev/stage': stage }, includeTemplates: true }];
  const common = {
    ...kustomization(['../../base']),
    namespace: `${repository}-${stage}`,
    labels,
  };
  if (!release) return { ...common, replicas: [{ name: repository, count: 0 }] };
  const main = release.artifacts.find((a) => a.command !== undefined) ?? release.artifacts[0];
  return {
    ...common,
    // Annotations reach the pod template too, so every release rolls out.
    commonAnnotations: {
      'slipway.dev/release': release.digest,
      'slipway.dev/commit': release.commit,
      'slipway.dev/run': release.runId,
    },
    images: [{ name: repository, digest: main?.digest }],
    patches: [
      { target: { kind: 'Deployment', name: repository }, patch: probePatch(release.health) },
    ],
  };
}

function probePatch(health: string): string {
  const path = '/spec/template/spec/containers/0/readinessProbe/httpGet/path';
  return yaml([{ op: 'replace', path, value: health }]);
}

function deployment(repository: string) {
  const labels = { 'app.kubernetes.io/name': repository };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: repository, labels },
    spec: {
      replicas: 1,
      progressDeadlineSeconds: 60,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            {
              name: repository,
              image: repository,
              env: [
                { name: 'PORT', value: String(CONTAINER_PORT) },
                { name: 'HOST', value: '0.0.0.0' },
              ],
              ports: [{ name: 'http', containerPort: CONTAINER_PORT }],
              readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  };
}

function service(repository: string) {
  const labels = { 'app.kubernetes.io/name': repository };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: repository, labels },
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

function kustomization(resources: string[]) {
  return { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources };
}

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
