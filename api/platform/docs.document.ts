/** The OpenAPI document: addresses and parameters from Nest, answers and refusals from `@Describe`. */
import { STATUS_CODES } from 'node:http';
import { DiscoveryService, MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import * as wire from '../client/wire.js';
import { OpenAiError } from '../client/wire.openai.js';
import { type Need, needOf } from './auth.js';
import { DESCRIBED, type Described } from './docs.js';
import * as examples from './examples.js';
import { version } from './version.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schema = Record<string, unknown>;

const METHODS = ['get', 'post', 'patch', 'put', 'delete'] as const;
const PROBLEM = { $ref: '#/components/schemas/Problem' };
/** On /v1 clients expect OpenAI's shape. */
const OPENAI_ERROR = { $ref: '#/components/schemas/OpenAiError' };
const EVERYWHERE: Record<number, string> = {
  400: 'A parameter, a field or the body itself is wrong; `errors` names every wrong field.',
  401: 'No valid token was sent.',
  403: 'The token lacks the scope; the answer names it.',
  429: 'Too many wrong tokens came from this address, or your share of this minute is used up; try again after `Retry-After` seconds.',
  503: 'A part is away or has enough to do; try again after `Retry-After` seconds.',
};
/** Of every route whose method may bring a body, also where it needs none. */
const WITH_BODY: Record<number, string> = {
  408: 'The body did not come in time.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is no JSON: send `Content-Type: application/json`.',
};
/** Of every route with a name in its address. */
const WITH_NAMES: Record<number, string> = { 414: 'A name in the address is far too long.' };
const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 0 } },
} as const;
/** The scope that an operation needs; the table in docs/api-access.md is made from it. */
export const SCOPE = 'x-slipway-scope';
const NAMED = {
  Approval: wire.Approval,
  LogLine: wire.LogLine,
  OpenAiError,
  Problem: wire.Problem,
  Release: wire.Release,
  Run: wire.Run,
  RunSummary: wire.RunSummary,
  Stage: wire.Stage,
  StageEvent: wire.StageEvent,
  Step: wire.Step,
  Token: wire.Token,
  User: wire.User,
};

export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Slipway')
    .setDescription('Turns a git push into a durable delivery. Times are ISO 8601 in UTC.')
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A token, like `slp_…`.' })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller}.${method}`,
    autoTagControllers: false,
  });
  const said = descriptions(app);
  const schemas = new Schemas();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      const about = operation && said.get(operation.operationId ?? '');
      if (!operation) continue;
      if (!about) throw new Error(`${method} ${path} has no @Describe`);
      operation.tags = [
        path
          .split('/')
          .filter(Boolean)
          .at(path.startsWith('/api/') ? 2 : 0) ?? '',
      ];
      complete(operation, { ...about, method, path }, schemas);
      exemplify(operation, path);
    }
  }
  schemas.of(wire.Problem);
  schemas.of(OpenAiError);
  document.components = { ...document.components, schemas: schemas.all as never };
  return document;
}

function complete(operation: Operation, about: Asked, schemas: Schemas): void {
  const { described, need } = about;
  const { summary, answer, status = 200, also = {}, example, body } = described;
  operation.summary = summary;
  if (need !== 'nothing') {
    operation.description = `Needs a token with the scope \`${need}\`.`;
    operation.security = [{ bearer: [] }];
  }
  Object.assign(operation, { [SCOPE]: need });
  const json = answer && { schema: schemas.of(answer), ...(example ? { example } : {}) };
  const texts = Object.entries(also).map(([type, description]) => [
    type,
    // Of a stream, the schema is that of each event: no text.
    { schema: { ...(type === 'text/event-stream' ? {} : { type: 'string' }), description } },
  ]);
  const content = { ...(json ? { 'application/json': json } : {}), ...Object.fromEntries(texts) };
  const hasContent = Object.keys(content).length > 0;
  const description = STATUS_CODES[status] ?? '';
  const answered = { description, ...(hasContent ? { content } : {}) };
  operation.responses = { [status]: answered, ...refusals(operation, about) };
  if (described.degraded !== undefined) {
    operation.responses[503] = { ...answered, description: described.degraded };
  }
  const request = operation.requestBody;
  const form = request && 'content' in request ? request.content['application/json'] : undefined;
  if (form?.schema) allowNull(form.schema);
  if (form && body !== undefined) form.example = body;
  if (form?.schema && 'default' in form.schema) Object.assign(request ?? {}, { required: false });
}

/** Where `enum` stands beside `nullable`, OpenAPI 3.0 wants null among its values. */
function allowNull(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  const { enum: values, nullable } = schema as { enum?: unknown[]; nullable?: boolean };
  if (nullable && Array.isArray(values) && !values.includes(null)) values.push(null);
  Object.values(schema).forEach(allowNull);
}

/** Names that fit together, so that the page can be tried as it stands. */
function exemplify(operation: Operation, path: string): void {
  for (const parameter of operation.parameters ?? []) {
    if (!('in' in parameter) || parameter.in !== 'path') continue;
    const example = exampleOf(parameter.name, path);
    if (example !== undefined) parameter.example = example;
  }
}

/** By the words around it in the address: `/turns/{id}/edit` is another `id` than `/runs/{id}`. */
function exampleOf(name: string, path: string): string | undefined {
  const [before = '', after = ''] = path.split(`/{${name}}`);
  const resource = before.split('/').findLast((part) => !part.startsWith('{'));
  const { names } = examples;
  return names[`${resource} ${name}${after}`] ?? names[`${resource} ${name}`] ?? names[name];
}

function refusals(operation: Operation, { described, need, method, path }: Asked) {
  const hasNames = operation.parameters?.some((one) => 'in' in one && one.in === 'path');
  const said: Record<string, string | undefined> = {
    ...(need === 'nothing' ? {} : EVERYWHERE),
    ...(method === 'get' ? {} : WITH_BODY),
    ...(hasNames ? WITH_NAMES : {}),
    ...described.refuses,
  };
  const problems = Object.entries(said).map(([number, description]) => {
    const content = path.startsWith('/v1/')
      ? { 'application/json': { schema: OPENAI_ERROR } }
      : { 'application/problem+json': { schema: PROBLEM } };
    const headers = number === '429' || number === '503' ? { headers: RETRY_AFTER } : {};
    return [number, { description: description ?? '', content, ...headers }] as const;
  });
  return Object.fromEntries(problems);
}

interface About {
  described: Described;
  need: Need;
}
type Asked = About & { method: (typeof METHODS)[number]; path: string };

/** By `Controller.method`, as the document names its operations. */
function descriptions(app: NestFastifyApplication): Map<string, About> {
  const reflector = new Reflector();
  const scanner = new MetadataScanner();
  const controllers = new DiscoveryService(app.get(ModulesContainer)).getControllers();
  return new Map(
    controllers.flatMap(({ instance, metatype, name }) =>
      scanner.getAllMethodNames(Object.getPrototypeOf(instance)).flatMap((method) => {
        const handler = instance[method];
        const described = reflector.get<Described | undefined>(DESCRIBED, handler);
        if (!described || !metatype) return [];
        const need = needOf(reflector, handler, metatype);
        if (need === undefined) throw new Error(`${name}.${method} has no @Needs`);
        return [[`${name}.${method}`, { described, need }] as const];
      }),
    ),
  );
}

/** Schemas by name where they have one, so that the document says each of them once. */
class Schemas {
  readonly all: Record<string, Schema> = {};
  private readonly names = z.registry<{ id: string }>();

  constructor() {
    for (const [id, schema] of Object.entries(NAMED)) this.names.add(schema, { id });
  }

  of(schema: z.ZodType): Schema {
    const made = z.toJSONSchema(schema, {
      metadata: this.names,
      target: 'openapi-3.0',
      io: 'output',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        delete jsonSchema.id;
      },
    });
    const { $schema: _, definitions = {}, ...rest } = placed(made);
    for (const each of [definitions, rest]) allowNull(each);
    Object.assign(this.all, definitions);
    const id = this.names.get(schema)?.id;
    if (id === undefined) return rest;
    if (!('$ref' in rest)) this.all[id] = rest;
    return { $ref: `#/components/schemas/${id}` };
  }
}

/** As a part of an OpenAPI document: named schemas are its components. */
function placed(made: object): Schema & { definitions?: object } {
  const text = JSON.stringify(made).replaceAll('"#/definitions/', '"#/components/schemas/');
  return JSON.parse(text) as Schema;
}
