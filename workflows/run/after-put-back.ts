/** What a deploy step is said to be once its put-back has ended. Pure. */
import { toReason } from '../domain/limits.js';
import type { Deployed, StepState } from './run.messages.js';

export interface PutBackEnd {
  deploy: Deployed;
  /** Why the release must not stay. */
  because: string;
  /** Why it is there still; undefined when it is not. */
  trouble?: string;
  /** Another release serves there already: nothing was changed, the release is only rejected. */
  servesAnother?: true;
}

/** The sentence of a put-back that could not be done; undefined for one that could. */
export function notPutBack({ deploy, trouble }: PutBackEnd): string | undefined {
  return trouble === undefined
    ? undefined
    : `stage "${deploy.stage}" could not be put back: ${trouble}`;
}

export function afterPutBack(before: StepState, end: PutBackEnd): StepState {
  const { deploy, because, servesAnother } = end;
  const sentence = notPutBack(end);
  if (sentence !== undefined) {
    return { ...before, status: 'errored', reason: toReason(`${because}; ${sentence}`) };
  }
  if (before.status === 'errored') return before;
  if (!servesAnother) return { ...before, status: 'rolledBack', reason: toReason(because) };
  const rejected = because.replace(/^put back because /, 'rejected because ');
  return {
    ...before,
    reason: toReason(`${rejected}; ${deploy.stage} serves another release already`),
  };
}
