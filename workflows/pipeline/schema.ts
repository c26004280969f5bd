/**
 * The pipeline file as zod sees it: what may be written, in one place.
 *
 * Both doors give this model: the YAML file, and later the TypeScript builder. Parsing changes nothing
 * in it; defaults are decided by `compile`. What one field alone cannot tell (names of other steps,
 * references, cycles) is checked by `lint`.
 */
import { z } from 'zod';
import {
  MAX_NAMES,
  MAX_NEEDS,
  MAX_SECRETS,
  MAX_STEP_ATTEMPTS,
  MAX_STEP_TIMEOUT_SECONDS,
} from '../domain/limits.js';
import { SecretName, StepName } from '../domain/names.js';
import { isGlob } from './glob.js';
import { Approve, Build, Caches, Check, Deploy, KINDS, Scan } from './schema.kinds.js';
import {
  Commands,
  durationBetween,
  EnvName,
  Name,
  named,
  oneOf,
  RelativePath,
  Text,
  unique,
} from './schema.parts.js';

const Patterns = z
  .array(
    z
      .string()
      .min(1)
      .max(255)
      .refine(isGlob, 'must be a pattern of names, *, **, ? and {a,b}; "!" in front excludes'),
  )
  .min(1)
  .max(50)
  .refine((all) => all.some((pattern) => !pattern.startsWith('!')), {
    error: 'must hold at least one pattern without "!"',
  });

export const PushTrigger = z.strictObject({
  branches: Patterns.optional()
    .describe('Branches that start the pipeline. Default: all.')
    .meta({ examples: [['main', 'release/*']] }),
  paths: Patterns.optional()
    .describe('Only when one of these files changed. Default: any.')
    .meta({ examples: [['src/**', '!**/*.md']] }),
});
export type PushTrigger = z.infer<typeof PushTrigger>;

export const ManualInput = z.strictObject({
  description: z.string().max(500).optional().describe('Shown to whoever starts a run.'),
  default: Text.optional().describe('Used when nothing is given. Without it: the empty text.'),
  required: z.boolean().optional().describe('Nobody can start a run by hand without it.'),
  options: unique(Text, 1, 100).optional().describe('The only values that are taken.'),
});
export type ManualInput = z.infer<typeof ManualInput>;

export const Triggers = z
  .strictObject({
    push: PushTrigger.nullable().optional().describe('Started by a push.'),
    manual: z
      .strictObject({
        inputs: named(Name, ManualInput.nullable())
          .optional()
          .describe('Values that a person gives; commands see SLIPWAY_INPUT_<NAME>.'),
      })
      .nullable()
      .optional()
      .describe('Started by a person.'),
  })
  .refine((on) => on.push !== undefined || on.manual !== undefined, {
    error: 'must have at least one of push, manual',
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .describe('What starts the pipeline. Default: a push to any branch, and people.')
  .meta({ examples: [{ push: { branches: ['main'] }, manual: {} }] });

export const Retry = z
  .strictObject({
    attempts: z
      .int()
      .min(1)
      .max(MAX_STEP_ATTEMPTS)
      .describe(`Attempts in all, 1 to ${MAX_STEP_ATTEMPTS}.`),
    on: unique(z.enum(['lost', 'errored', 'timeout']), 1, 3)
      .optional()
      .describe('What is tried again: lost, errored, timeout. Default: lost and errored.'),
  })
  .describe('How often a step is tried when we could not find out; its "no" is final.')
  .meta({ examples: [{ attempts: 3, on: ['lost', 'timeout'] }] });

export const StepFields = z
  .strictObject({
    run: Commands.optional().describe('Commands in a fresh checkout of the commit.'),
    build: Build.optional(),
    scan: Scan.optional(),
    deploy: Deploy.optional(),
    check: Check.optional(),
    approve: Approve.optional(),
    needs: unique(StepName, 0, MAX_NEEDS)
      .optional()
      .describe('Steps that come before this one.')
      .meta({ examples: [['verify', 'test']] }),
    when: z
      .enum(['always', 'failure'])
      .optional()
      .describe('"always" or "failure"; without it: when all that it depends on succeeded.'),
    timeout: durationBetween(1, MAX_STEP_TIMEOUT_SECONDS, 'between 1s and 24h')
      .optional()
      .describe('How long one attempt may take. Default: 1h; deploy 5m, check 2m.'),
    retry: Retry.optional(),
    continueOnError: z
      .boolean()
      .optional()
      .describe('The run goes on, and does not fail, when this step says no or errors.'),
    env: named(EnvName, Text).optional().describe('Variables of the commands; templates allowed.'),
    outputs: unique(Name, 1, MAX_NAMES)
      .optional()
      .describe('Names that the commands write to the file $SLIPWAY_OUTPUT as name=value.'),
    secrets: unique(SecretName, 1, MAX_SECRETS)
      .optional()
      .describe('Secrets that the commands find as variables; set by "slipway secrets set".')
      .meta({ examples: [['NPM_TOKEN']] }),
    network: z
      .enum(['default', 'none'])
      .optional()
      .describe('What the commands reach: "default", or "none". Needs the executor sandbox.'),
    artifacts: unique(RelativePath, 1, 50)
      .optional()
      .describe('Of a run step: files for the steps that need it; globs allowed.'),
    cache: Caches.optional().describe('Of a run step: its caches, at most 10.'),
  })
  .describe('A step has one kind, and fields around it.')
  .meta({ examples: [{ run: 'npm test' }] });

export const Step = oneOf(StepFields, KINDS);
export type Step = z.infer<typeof Step>;

/** Everything but the steps: lint reads those one by one, so that one wrong step hides no other. */
export const Head = z
  .strictObject({
    version: z.literal(1).describe('The version of this language: 1.'),
    name: z
      .string()
      .max(60)
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 'must hold letters, digits, ".", "_" or "-"')
      .describe('The name of the pipeline.'),
    on: Triggers.optional(),
    steps: z
      .record(z.string(), z.unknown())
      .describe('The steps, by name.')
      .meta({ examples: [{ test: { run: 'npm test' } }] }),
  })
  .describe('A pipeline has version, name, on and steps.');

export const Pipeline = Head.extend({
  steps: z.record(StepName, Step).describe('The steps, by name.'),
}).meta({ title: 'Slipway pipeline', description: 'Lives in .slipway/pipeline.yaml.' });
export type Pipeline = z.infer<typeof Pipeline>;
