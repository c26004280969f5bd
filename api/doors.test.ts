import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { Problem } from './client/wire.js';
import { OpenAiError } from './client/wire.openai.js';
import { AuthFailures } from './platform/failures.js';
import { startTestApi, type TestApi } from './platform/testing/api.js';
import {
  type Known,
  type Made,
  type Operation,
  requestTo,
  type Schema,
} from './platform/testing/arbitrary.js';
import { openGate, openRun, openShop, PIPELINE } from './platform/testing/world.js';

// Any request to any route that the OpenAPI document knows, with a token that may do everything: the
// answer is one that the document promises, in the shape that it promises, and never a 5xx.

/** Of each route. `npm run fuzz` asks a real stack far more. */
const REQUESTS = 60;
/** Of all routes together. */
const LIMIT_MS = 600_000;

let api: TestApi;
let document: { paths: Record<string, Record<string, Described>>; components: object };
let known: Known;

interface Described {
  parameters?: Operation['parameters'];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

beforeAll(async () => {
  api = await startTestApi();
  await openShop(api);
  const { id } = await openRun(api);
  await openGate(api, id);
  const at = new Date();
  await api.store.runs.write({ runs: [{ runId: id, status: 'succeeded', reason: null, at }] });
  document = (await api.ask('/docs-json', { token: '' })).json;
  known = {
    // Of runs only one that has ended: a stream of another would go on.
    id: [id],
    runId: [id],
    repository: ['shop', 'none'],
    name: ['test', 'staging', 'shop'],
    step: ['gate', 'test'],
    login: ['admin', 'ada', 'eve'],
    ref: ['main'],
    model: ['fake', 'fake', 'none'],
    text: [PIPELINE, 'steps: [', ''],
  };
});
afterAll(() => api.close());
beforeEach(() => api.app.get(AuthFailures).clear());

function operations(): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
      responses: Object.fromEntries(
        Object.entries(responses).map(([status, { content = {} }]) => [
          status,
          Object.fromEntries(Object.entries(content).map(([type, { schema }]) => [type, schema])),
        ]),
      ),
    })),
  );
}

/** Undefined when the answer is as promised. */
async function broken(operation: Operation, { url, headers, body }: Made): Promise<unknown> {
  const answer = await api.fastify.inject({
    method: operation.method as 'GET',
    url,
    headers: { authorization: `Bearer ${api.admin}`, ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
  const { statusCode: status } = answer;
  const said = { status, body: answer.body.slice(0, 500) };
  if (status >= 500) return said;
  const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? '';
  const promised = operation.responses[String(status)];
  if (!promised) return { undocumented: said };
  if (status >= 400) {
    if (url.startsWith('/v1/')) {
      if (!OpenAiError.safeParse(answer.json()).success) return { noError: said };
    } else {
      const problem =
        type === 'application/problem+json' ? Problem.safeParse(answer.json()) : undefined;
      if (problem?.data?.status !== status) return { noProblem: said, type };
    }
    return /Invalid input|expected \w+, received/.test(answer.body) ? { raw: said } : undefined;
  }
  if (Object.keys(promised).length === 0) return answer.body === '' ? undefined : { surplus: said };
  const schema = promised[type];
  if (!schema) return { otherType: type };
  if (type !== 'application/json') return undefined;
  const parsed = reader(schema).safeParse(answer.json());
  return parsed.success ? undefined : { wrongShape: parsed.error.issues, said };
}

const readers = new Map<Schema, z.ZodType>();
function reader(schema: Schema): z.ZodType {
  const known = readers.get(schema);
  if (known) return known;
  // Named schemas are looked up in the document itself.
  const whole = JSON.parse(
    JSON.stringify({ ...schema, components: document.components }).replaceAll(
      '#/components/schemas/',
      '#/definitions/',
    ),
  );
  const { components, ...rest } = whole;
  const made = z.fromJSONSchema(
    { ...rest, definitions: components.schemas },
    { defaultTarget: 'openapi-3.0' },
  );
  readers.set(schema, made);
  return made;
}

describe('any request', () => {
  it(
    'gets an answer that the OpenAPI document promises',
    async () => {
      for (const operation of operations()) {
        await fc.assert(
          fc.asyncProperty(requestTo(operation, known), async (made) => {
            const wrong = await broken(operation, made);
            expect([operation.method, made.url, made.body?.slice(0, 300), wrong]).toEqual([
              operation.method,
              made.url,
              made.body?.slice(0, 300),
              undefined,
            ]);
          }),
          { numRuns: REQUESTS },
        );
      }
    },
    LIMIT_MS,
  );
});
