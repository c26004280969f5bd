/** What the assistant may look at, and the one thing that it may propose. It decides nothing. */
import { z } from 'zod';
import type { Scope } from '../../activities/store/store.ports.js';
import type { Tool } from '../../workflows/domain/chat.js';
import { RepositoryName, RunId } from '../../workflows/domain/names.js';
import { ProposedPlan } from '../../workflows/domain/proposal.js';
import { Status } from '../../workflows/domain/run.js';

/** Items that one look brings. */
export const LOOK_ITEMS = 10;

interface Spec {
  description: string;
  /** The caller's token must have it: the assistant has no rights of its own. */
  scope: Scope;
  parameters: z.ZodType;
}

export const LOOKS = {
  list_runs: {
    description: 'Lists runs, newest first; of one repository, or with one status.',
    scope: 'read',
    parameters: z.strictObject({
      repository: RepositoryName.optional(),
      status: Status.optional(),
    }),
  },
  show_run: {
    description: 'Shows one run with its steps and why they failed.',
    scope: 'read',
    parameters: z.strictObject({ run: RunId }),
  },
  list_stages: {
    description: 'Lists stages: what they serve, and whether they are healthy.',
    scope: 'read',
    parameters: z.strictObject({ repository: RepositoryName.optional() }),
  },
  list_approvals: {
    description: 'Lists gates that wait for a person.',
    scope: 'read',
    parameters: z.strictObject({}),
  },
  list_models: {
    description: 'Lists language models that are served.',
    scope: 'chat',
    parameters: z.strictObject({}),
  },
} satisfies Record<string, Spec>;
export type LookName = keyof typeof LOOKS;
export type LookArguments<Name extends LookName> = z.infer<(typeof LOOKS)[Name]['parameters']>;

export const PROPOSE = 'propose_plan';
const PROPOSAL: Spec = {
  description:
    'Proposes to start or cancel runs, to answer gates or to roll stages back. A person decides.',
  scope: 'chat',
  parameters: ProposedPlan,
};

/** As a model is told, for somebody with these rights. */
export function toolsFor(may: (scope: Scope) => boolean): Tool[] {
  const all: [string, Spec][] = [...Object.entries(LOOKS), [PROPOSE, PROPOSAL]];
  return all
    .filter(([, { scope }]) => may(scope))
    .map(([name, { description, parameters }]) => ({
      name,
      description,
      parameters: grammatical(parameters),
    }));
}

/**
 * As an engine's grammar can keep it: without patterns, and with null for what may be left out, as every
 * property is written. What a model calls with is parsed in any case.
 */
function grammatical(parameters: z.ZodType) {
  return z.toJSONSchema(parameters, {
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.pattern;
      const { properties = {}, required = [] } = jsonSchema;
      for (const [name, schema] of Object.entries(properties)) {
        if (required.includes(name) || typeof schema === 'boolean') continue;
        properties[name] = { anyOf: [schema, { type: 'null' }] };
      }
    },
  });
}

export function isLook(name: string): name is LookName {
  return Object.hasOwn(LOOKS, name);
}
