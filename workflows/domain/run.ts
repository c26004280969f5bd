/**
 * A Run is one execution of a Pipeline for one commit; a Step is a node of its graph.
 *
 * Pure code: no clock, no randomness, no I/O. Workflows, activities and the API all import it.
 */
import { z } from 'zod';
import { Commit, Login, RepositoryName, RunId } from './names.js';

export { advance, IllegalTransition, isFinal } from './transitions.js';

export const Status = z.enum([
  'pending', // not started: something that it needs is not finished
  'running', // in progress
  'waiting', // at a gate, or queued for a stage; holds no worker
  'succeeded', // yes
  'failed', // a check or a person said no: look at the commit
  'rolledBack', // said no after deploying; the previous release serves again
  'errored', // we could not find out (timeout, lost machine, refused credential): look at the system
  'cancelled', // a person stopped it
  'skipped', // something that it needs did not succeed; not a failure
  'superseded', // a newer commit is already there
]);
export type Status = z.infer<typeof Status>;

/** What started a run. `by` is the login of the session, never a field of the request. */
export const Trigger = z.object({
  kind: z.enum(['push', 'manual', 'rollback']),
  by: Login,
  /** Values for the pipeline's `on.manual.inputs`, all as text. */
  inputs: z.record(z.string(), z.string()).default({}),
  /** A person takes a rejected release back in: why. Only for manual runs. */
  overrideReason: z.string().min(1).max(500).optional(),
});
export type Trigger = z.infer<typeof Trigger>;

/** What names a run wherever it is spoken of. */
export const RunRef = z.object({
  id: RunId,
  repository: RepositoryName,
  commit: Commit,
  branch: z.string().max(255).nullable(),
  pipeline: z.string().max(60),
  /** Place in the repository's order of triggers: 1, 2, 3 … A later trigger is a newer commit. */
  order: z.int().positive(),
});
export type RunRef = z.infer<typeof RunRef>;
