/** The OpenAPI document: addresses and parameters from Nest, answers and refusals from `@Describe`. */
import { STATUS_CODES } from 'node:http';
import { DiscoveryService, MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import * as wire from '../client/wire.js';
import { needOf } from './auth.js';
import { DESCRIBED, type Described } from './docs.js';
import { version } from './version.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schema = Record<string, unknown>;

const METHODS = ['get', 'post', 'patch', 'put', 'delete'] as const;
const PROBLEM = { $ref: '#/components/schemas/Problem' };
const EVERYWHERE: Record<number, string> = {
  400: 'A parameter, a field or the body itself is wrong; `errors` names every wrong field.',
  401: 'No valid token was sent.',
  403: 'The token lacks the scope; the answer names it.',
  503: 'PostgreSQL or Temporal is away; try again after `Retry-After` seconds.',
};
const NAMED = {
  Approval: wire.Approval,
  LogLine: wire.LogLine,
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
      complete(operation, about, schemas);
    }
  }
  schemas.of(wire.Problem);
  document.components = { ...document.components, schemas: schemas.all as never };
  return document;
}

function complete(operation: Operation, { described, isPublic }: About, schemas: Schemas): void {
  const { summary, answer, status = 200, also = {}, example, body, refuses = {} } = described;
  operation.summary = summary;
  if (!isPublic) operation.security = [{ bearer: [] }];
  const json = answer && { schema: schemas.of(answer), ...(example ? { example } : {}) };
  const texts = Object.entries(also).map(([type, description]) => [
    type,
    { schema: { type: 'string', description } },
  ]);
  const content = { ...(json ? { 'application/json': json } : {}), ...Object.fromEntries(texts) };
  const hasContent = Object.keys(content).length > 0;
  const everywhere = isPublic ? {} : EVERYWHERE;
  const problems = Object.entries({ ...everywhere, ...refuses }).map(([number, description]) => [
    number,
    { description, content: { 'application/problem+json': { schema: PROBLEM } } },
  ]);
  operation.responses = {
    [status]: { description: STATUS_CODES[status] ?? '', ...(hasContent ? { content } : {}) },
    ...Object.fromEntries(problems),
  };
  const request = operation.requestBody;
  const form = request && 'content' in request ? request.content['application/json'] : undefined;
  if (form && body !== undefined) form.example = body;
}

interface About {
  described: Described;
  isPublic: boolean;
}

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
        const isPublic = needOf(reflector, handler, metatype) === 'nothing';
        return [[`${name}.${method}`, { described, isPublic }] as const];
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
