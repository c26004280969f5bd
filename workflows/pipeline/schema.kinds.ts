/** What each kind of step asks for. The descriptions are the help of the linter and of editors. */
import { z } from 'zod';
import {
  MAX_APPROVAL_TIMEOUT_SECONDS,
  MAX_VALUE_CHARS,
  MAX_WATCH_SECONDS,
} from '../domain/limits.js';
import { Login, StageName, StepName } from '../domain/names.js';
import {
  Command,
  Commands,
  durationBetween,
  named,
  oneOf,
  RelativePath,
  unique,
} from './schema.parts.js';

export const Cache = z
  .strictObject({
    key: z
      .string()
      .max(200)
      .regex(/^[\w.-]+$/, 'must hold letters, digits, ".", "_" or "-"')
      .describe('The name of the cache.'),
    files: unique(RelativePath, 1, 20)
      .optional()
      .describe('Files whose contents belong to the key, like package-lock.json.'),
    paths: unique(RelativePath, 1, 20).describe('Folders or files to keep.'),
  })
  .describe('Restored before the commands, saved after they succeeded.')
  .meta({ examples: [{ key: 'npm', files: ['package-lock.json'], paths: ['node_modules'] }] });

export const Caches = z.array(Cache).min(1).max(10).describe('Caches of this step, at most 10.');

export const Build = z
  .strictObject({
    kind: z.enum(['archive']).describe('What is built: "archive", a compressed tar file.'),
    run: Commands.optional().describe('Commands before archiving, in the same workspace.'),
    paths: unique(RelativePath, 1, 100).describe('What goes into the archive; globs allowed.'),
    command: Command.max(4_096)
      .optional()
      .describe(
        'How an instance is started in the unpacked archive, with PORT in its environment.',
      ),
    cache: Caches.optional(),
  })
  .describe('Makes an artifact, named by its digest.')
  .meta({ examples: [{ kind: 'archive', paths: ['dist'], command: 'node dist/main.js' }] });

export const Scan = z
  .strictObject({
    of: StepName.optional().describe(
      'The build step, or run step with artifacts, whose files are scanned. Default: the commit.',
    ),
    tools: unique(z.enum(['secrets', 'dependencies']), 1, 2)
      .optional()
      .describe('Scanners to use. Default: both.'),
    sarif: unique(RelativePath, 1, 20)
      .optional()
      .describe('SARIF files that other scanners wrote, in the artifacts of the needs.'),
    failOn: z
      .enum(['low', 'medium', 'high', 'critical'])
      .optional()
      .describe('The step says no when a finding is as grave as this. Default: high.'),
  })
  .describe('Looks for secrets and for dependencies with known vulnerabilities.')
  .meta({ examples: [{ of: 'image', failOn: 'high' }] });

export const Deploy = z
  .strictObject({
    release: unique(StepName, 1, 20)
      .describe(
        'The build steps whose artifacts make up the release; exactly one of them has a command.',
      )
      .meta({ examples: [['image']] }),
    stage: StageName.describe('The stage that shall serve the release.'),
    health: z
      .string()
      .max(255)
      .regex(/^\/[^\s#]*$/, 'must be a path like "/health"')
      .optional()
      .describe('The path that must answer below 500. Default: "/".'),
    watch: durationBetween(0, MAX_WATCH_SECONDS, 'at most 1h')
      .optional()
      .describe('How long the release is watched after it serves. Default: not at all.'),
  })
  .describe('Makes a stage serve a release; put back when a later step says no.')
  .meta({ examples: [{ release: ['image'], stage: 'staging' }] });

export const METHODS = ['get', 'head', 'post', 'put', 'delete'] as const;

const Url = z
  .string()
  .min(1, 'must not be empty')
  .max(2_000)
  .regex(/^(\/|https?:\/\/|\$\{\{)/, 'must be a path like "/health", or start with http(s)://')
  .refine((url) => !/\s/.test(url.replace(/\$\{\{[^}]*\}\}/g, '')), 'must not hold blanks')
  .describe('A path on the stage, or an absolute URL.');

export const HttpCheck = oneOf(
  z.strictObject({
    get: Url.optional(),
    head: Url.optional(),
    post: Url.optional(),
    put: Url.optional(),
    delete: Url.optional(),
    body: z.string().max(MAX_VALUE_CHARS).optional().describe('The body that is sent.'),
    headers: named(
      z
        .string()
        .max(200)
        .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of an HTTP header'),
      z
        .string()
        .max(8_192)
        .regex(/^[^\r\n]*$/, 'must be one line'),
    )
      .optional()
      .describe('Headers that are sent.'),
    expect: z
      .strictObject({
        status: z
          .int()
          .min(100)
          .max(599)
          .optional()
          .describe('The status. Default: any below 400.'),
        contains: z.string().min(1).max(MAX_VALUE_CHARS).optional().describe('Text in the body.'),
        json: named(
          z.string().max(200),
          z.union([z.string().max(MAX_VALUE_CHARS), z.number(), z.boolean(), z.null()], {
            error: 'must be text, a number, true, false or null',
          }),
        )
          .optional()
          .describe('Fields at the top of a JSON body, and their values.'),
      })
      .optional()
      .describe('What must come back.'),
  }),
  METHODS,
)
  .refine(({ get, head, body }) => body === undefined || (get ?? head) === undefined, {
    error: 'must not have a body: get and head send none',
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({ examples: [{ get: '/health', expect: { status: 200 } }] });

export const WebSocketCheck = z
  .strictObject({
    connect: z
      .string()
      .max(2_000)
      .regex(/^(\/|wss?:\/\/)\S*$/, 'must be a path like "/ws", or start with ws(s)://')
      .describe('A path on the stage, or an absolute URL.'),
    send: z.string().max(MAX_VALUE_CHARS).optional().describe('A message to send first.'),
    expect: z
      .string()
      .min(1)
      .max(MAX_VALUE_CHARS)
      .optional()
      .describe('Text in a message that must arrive. Default: opening is enough.'),
  })
  .meta({ examples: [{ connect: '/ws', send: 'hello', expect: 'hello' }] });

export const Check = z
  .strictObject({
    stage: StageName.optional().describe('Whose address paths and $STAGE_URL mean.'),
    http: z.array(HttpCheck).min(1).max(100).optional().describe('Requests, in order.'),
    webSocket: z.array(WebSocketCheck).min(1).max(100).optional().describe('After the requests.'),
    run: Commands.optional().describe('Commands, after the others, with STAGE_URL set.'),
    tries: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('How often a request is tried, a second apart, before it is a no. Default: 3.'),
  })
  .refine((check) => Boolean(check.http ?? check.webSocket ?? check.run), {
    error: 'must have at least one of http, webSocket, run',
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .describe('Asks from outside whether a stage does what it should.')
  .meta({ examples: [{ stage: 'staging', http: [{ get: '/health', expect: { status: 200 } }] }] });

export const Approve = z
  .strictObject({
    stage: StageName.optional().describe('The stage that the question is about.'),
    from: unique(Login, 1, 50)
      .optional()
      .describe('Logins and teams that may answer. Default: everybody with the scope "approve".'),
    required: z.int().min(1).max(20).optional().describe('Approvals needed. Default: 1.'),
    timeout: durationBetween(1, MAX_APPROVAL_TIMEOUT_SECONDS, 'between 1s and 720h')
      .optional()
      .describe('How long the gate stays open. Default: 72h.')
      .meta({ examples: ['72h'] }),
    onTimeout: z.enum(['reject']).optional().describe('What silence means: always "reject".'),
  })
  .describe('Waits for people to answer; holds no machine while it waits.')
  .meta({ examples: [{ stage: 'production', from: ['release-team'], timeout: '72h' }] });

export const KINDS = ['run', 'build', 'scan', 'deploy', 'check', 'approve'] as const;
export type Kind = (typeof KINDS)[number];
