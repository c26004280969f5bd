/** What the routes of runs take by address, and how they are described in /docs. */
import { z } from 'zod';
import { plainText, RepositoryName, RunId, StepName } from '../../workflows/domain/names.js';
import { Status } from '../../workflows/domain/run.js';
import * as wire from '../client/wire.js';
import type { Described } from '../platform/docs.js';
import * as examples from '../platform/examples.js';
import { paging } from '../platform/requests.js';

/** Chunks on one page of a log: default, and at most. */
const DEFAULT_CHUNKS = 200;
const MAX_CHUNKS = 1_000;

export const RunQuery = z.strictObject({
  ...paging,
  repository: RepositoryName.optional(),
  commit: plainText(40).optional(),
  branch: plainText(255).optional(),
  pipeline: plainText(60).optional(),
  status: Status.optional(),
});
export type RunQuery = z.infer<typeof RunQuery>;

const position = z.coerce.number().int().nonnegative();
export const LogQuery = z.strictObject({
  step: plainText(60).optional(),
  /** Position of the last chunk seen; `cursor` is the same. */
  after: position.optional(),
  cursor: position.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_CHUNKS).default(DEFAULT_CHUNKS),
});
export type LogQuery = z.infer<typeof LogQuery>;
export const StepLogQuery = LogQuery.omit({ step: true });
export type StepLogQuery = z.infer<typeof StepLogQuery>;

export const EventQuery = z.strictObject({ after: position.optional() });
export type EventQuery = z.infer<typeof EventQuery>;

export const StepAddress = z.object({ id: RunId, name: StepName.or(z.literal('lint')) });
export type StepAddress = z.infer<typeof StepAddress>;

const noRun = { 404: 'There is no such run.' };
const logs: Described = {
  summary: 'What a run, or one of its steps, wrote',
  answer: wire.pageOf(wire.LogLine),
  also: {
    'text/plain': 'The whole log as text.',
    'text/event-stream': 'Events `log` as they come, then `end`. Last-Event-ID is honoured.',
  },
  refuses: noRun,
};

export const described = {
  list: {
    summary: 'Runs, newest first',
    answer: wire.pageOf(wire.RunSummary),
    example: { items: [examples.run], next: null },
  },
  get: {
    summary: 'One run with its steps',
    answer: wire.Run,
    example: { ...examples.run, steps: [examples.step] },
    refuses: noRun,
  },
  steps: {
    summary: 'The steps of a run, in the order of the file; one page',
    answer: wire.pageOf(wire.Step),
    example: { items: [examples.step], next: null },
    refuses: noRun,
  },
  start: {
    summary: 'Starts a run by hand',
    status: 201,
    answer: wire.Run,
    example: { ...examples.run, steps: [{ ...examples.step, status: 'pending' }] },
    body: { repository: 'chat-app', ref: 'main', inputs: { region: 'eu' } },
    refuses: { 404: 'There is no such repository, ref or pipeline file.' },
  },
  cancel: {
    summary: 'Stops a run: commands end, stages are put back, `when: always` steps run',
    answer: wire.CancelledRun,
    example: { status: 'running' },
    body: { reason: 'wrong branch' },
    refuses: { ...noRun, 409: 'The run has ended.' },
  },
  events: {
    summary: 'Follows a run (server-sent events)',
    also: {
      'text/event-stream':
        'Events `run`, `step`, `log`, and `end` when the run is final and all was sent. ' +
        'Last-Event-ID (or `after`) goes on after a position.',
    },
    refuses: noRun,
  },
  logs,
  stepLogs: { ...logs, refuses: { 404: 'There is no such run or step.' } },
} satisfies Record<string, Described>;
