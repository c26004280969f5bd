import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import { needOf } from './auth.js';
import { DESCRIBED } from './docs.js';
import { startTestApi, type TestApi } from './testing/api.js';

// Every route there is: which of them answer strangers, and what they say about themselves.

interface Operation {
  summary?: string;
  parameters?: { in: string }[];
  requestBody?: object;
  responses: Record<string, { content?: Record<string, { schema: unknown }> }>;
}

let api: TestApi;
/** `GET /api/v1/runs/:id` of every operation in the OpenAPI document, with parameters filled in. */
let operations: { name: string; path: string; method: 'GET' | 'POST' | 'PATCH' | 'DELETE' }[];

beforeAll(async () => {
  api = await startTestApi();
  const { json } = await api.ask('/docs-json', { token: '' });
  operations = Object.entries<object>(json.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ({
      name: `${method.toUpperCase()} ${path}`,
      path: path.replaceAll(/\{\w+\}/g, 'x'),
      method: method.toUpperCase() as 'GET',
    })),
  );
});
afterAll(() => api.close());

const OPEN = ['GET /health', 'GET /health/live', 'GET /health/ready', 'GET /metrics'];

describe('all routes', () => {
  it('are at least those that the issue names', () => {
    const named = operations.map(({ name }) => name);
    expect(named).toEqual(expect.arrayContaining(ROUTES));
  });

  it('answer strangers only about health, metrics and docs', async () => {
    for (const { name, path, method } of operations) {
      const { status, json } = await api.ask(path, { method, token: '' });
      if (OPEN.includes(name)) expect([name, status]).toEqual([name, 200]);
      else
        expect([name, status, json.type ?? json.error.code]).toEqual([
          name,
          401,
          path.startsWith('/v1/') ? 'invalid_api_key' : 'urn:slipway:problem:unauthenticated',
        ]);
    }
    for (const path of ['/docs', '/docs-json', '/docs/swagger-ui.css', '/docs/start.js']) {
      expect((await api.ask(path, { token: '' })).status).toBe(200);
    }
  });

  it('each say which scope they need, and describe themselves', () => {
    const controllers = new DiscoveryService(api.app.get(ModulesContainer)).getControllers();
    const reflector = new Reflector();
    for (const { instance, metatype, name } of controllers) {
      const prototype = Object.getPrototypeOf(instance);
      for (const method of new MetadataScanner().getAllMethodNames(prototype)) {
        if (!Reflect.hasMetadata('path', instance[method])) continue;
        const need = needOf(reflector, instance[method], metatype as object);
        expect([`${name}.${method}`, need]).toEqual([`${name}.${method}`, expect.any(String)]);
        expect(Reflect.hasMetadata(DESCRIBED, instance[method])).toBe(true);
      }
    }
  });
});

describe('the OpenAPI document', () => {
  it('documents every answer, every refusal and every parameter', async () => {
    const { json: document } = await api.ask('/docs-json', { token: '' });
    for (const [path, item] of Object.entries<Record<string, Operation>>(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const name = `${method} ${path}`;
        const statuses = Object.keys(operation.responses);
        expect([name, operation.summary]).toEqual([name, expect.any(String)]);
        expect([name, statuses.some((s) => s.startsWith('2'))]).toEqual([name, true]);
        if (!path.startsWith('/api/')) continue;
        expect([name, statuses]).toEqual([
          name,
          expect.arrayContaining(['400', '401', '403', '503']),
        ]);
        const { schema } = operation.responses['401']?.content?.['application/problem+json'] ?? {};
        expect(schema).toEqual({ $ref: '#/components/schemas/Problem' });
        const parameters = (operation.parameters ?? []).filter((p) => p.in === 'path');
        expect([name, parameters.length]).toEqual([name, path.split('{').length - 1]);
        if (method === 'post')
          expect([name, operation.requestBody]).toEqual([name, expect.anything()]);
      }
    }
  });

  it('refers only to what it holds', async () => {
    const { text, json } = await api.ask('/docs-json', { token: '' });
    const referred = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect(Object.keys(json.components.schemas)).toEqual(expect.arrayContaining(referred));
    expect(text).not.toMatch(/"#\/(\$defs|definitions)|__schema/);
  });

  it('is shown by a page that loads nothing from elsewhere', async () => {
    const { text, headers } = await api.ask('/docs', { token: '' });
    expect(text).not.toMatch(/https?:\/\//);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    const { status, headers: css } = await api.ask('/docs/swagger-ui.css', { token: '' });
    expect([status, css['content-type']]).toEqual([200, 'text/css; charset=utf-8']);
    expect((await api.ask('/docs/package.json', { token: '' })).status).toBe(404);
  });
});

const ROUTES = [
  'GET /api/v1/runs',
  'POST /api/v1/runs',
  'GET /api/v1/runs/{id}',
  'POST /api/v1/runs/{id}/cancel',
  'GET /api/v1/runs/{id}/events',
  'GET /api/v1/runs/{id}/logs',
  'GET /api/v1/runs/{id}/steps/{name}/logs',
  'GET /api/v1/runs/{id}/approvals',
  'POST /api/v1/runs/{id}/decision',
  'GET /api/v1/approvals',
  'GET /api/v1/approvals/{runId}/{step}',
  'POST /api/v1/approvals/{runId}/{step}',
  'GET /api/v1/releases',
  'GET /api/v1/releases/{digest}',
  'GET /api/v1/stages',
  'GET /api/v1/stages/{repository}/{name}',
  'GET /api/v1/stages/{repository}/{name}/history',
  'POST /api/v1/stages/{repository}/{name}/rollback',
  'POST /api/v1/pipelines/lint',
  'POST /api/v1/pipelines/plan',
  'GET /api/v1/repositories',
  'POST /api/v1/repositories',
  'GET /api/v1/users',
  'POST /api/v1/users',
  'PATCH /api/v1/users/{login}',
  'GET /api/v1/tokens',
  'POST /api/v1/tokens',
  'DELETE /api/v1/tokens/{id}',
  'GET /api/v1/me',
  'GET /api/v1/audit',
  'GET /health',
  'GET /metrics',
  'POST /v1/chat/completions',
  'POST /v1/completions',
  'POST /v1/embeddings',
  'GET /v1/models',
  'GET /v1/models/{model}',
  'GET /v1/requests',
  'POST /v1/requests/{id}/cancel',
];
