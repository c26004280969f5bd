/** What a person can search runs by in Temporal's UI. Each change costs one event. */
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Status } from '../domain/run.js';
import { attributes, type Input } from './run.messages.js';

/** Says what the run is, as far as its starter did not. */
export function describe({ run }: Input): void {
  const known = workflowInfo().typedSearchAttributes;
  const wanted = [
    { key: attributes.repository, value: run.repository },
    { key: attributes.pipeline, value: run.pipeline },
    { key: attributes.commit, value: run.commit },
    ...(run.branch === null ? [] : [{ key: attributes.branch, value: run.branch }]),
    { key: attributes.status, value: 'running' },
  ];
  const missing = wanted.filter(({ key, value }) => known.get(key) !== value);
  if (missing.length > 0) upsertSearchAttributes(missing);
}

export function describeStatus(status: Status): void {
  upsertSearchAttributes([{ key: attributes.status, value: status }]);
}

/** The stage whose turn the run had last. */
export function describeStage(stage: string): void {
  upsertSearchAttributes([{ key: attributes.stage, value: stage }]);
}
