/** /docs, /docs-json and the page's own assets: nothing is loaded before it is asked for. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { NotFound } from './errors.js';

/** The page shows our own document with our own copy of Swagger UI; it calls nobody else. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slipway API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main id="docs">The document itself is at <a href="/docs-json">/docs-json</a>.</main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({
  url: '/docs-json',
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
`;

export function serveDocs(app: NestFastifyApplication, fastify: FastifyInstance): void {
  let document: Promise<string> | undefined;
  fastify.get('/docs-json', async (_request, reply) => {
    document ??= import('./docs.document.js').then(({ describeApi }) =>
      JSON.stringify(describeApi(app)),
    );
    return reply.type('application/json; charset=utf-8').send(await document);
  });
  fastify.get('/', (_request, reply) => reply.redirect('/docs'));
  fastify.get('/docs', (_request, reply) =>
    reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(PAGE),
  );
  fastify.get<{ Params: { file: string } }>('/docs/:file', async ({ params }, reply) => {
    const { file } = params;
    if (file === 'start.js') return reply.type('text/javascript; charset=utf-8').send(START);
    const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
    if (type === undefined) throw new NotFound(`the docs have no file "${file}"`);
    return reply.type(type).send(await readFile(join(assetFolder(), file)));
  });
}

/** Swagger UI comes with Nest's swagger package. */
function assetFolder(): string {
  const swagger = createRequire(import.meta.resolve('@nestjs/swagger'));
  return dirname(swagger.resolve('swagger-ui-dist/package.json'));
}
