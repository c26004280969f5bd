/** What a commit of ours says: a line for people, the reason, and trailers by which it is found again. */
import { short } from '../../workflows/domain/names.js';
import type { StageEntry } from './deploy.ports.js';

const VERB: Record<StageEntry['kind'], string> = {
  deploy: 'deploy',
  rollback: 'roll back',
  putBack: 'put back',
  emptied: 'empty',
  passedOn: 'reject',
};

export function messageOf(repository: string, stage: string, entry: StageEntry): string {
  const { release, reason } = entry;
  const what = release ? `${repository} ${short(release.commit)}` : repository;
  const subject =
    entry.kind === 'passedOn'
      ? `reject(${stage}): ${repository} release ${short(entry.rejected ?? '')} in run ${entry.runId}`
      : `${VERB[entry.kind]}(${stage}): ${what} for run ${entry.runId}`;
  const body = reason ? `${indented(reason)}\n\n` : '';
  return `${subject}\n\n${body}${trailersOf(repository, stage, entry).join('\n')}\n`;
}

/**
 * Reasons are people's and programs' words: no line of theirs may begin like a trailer, and a NUL
 * would end the message before ours.
 */
function indented(reason: string): string {
  const lines = reason
    .trim()
    .toWellFormed()
    .split(/[\n\u2028\u2029]/);
  return lines.map((line) => `  ${line.replace(/[\p{Cc}\p{Cf}]/gu, '')}`).join('\n');
}

/** The trailers that make a change of a stage unique. Values are names without spaces. */
export function entryLines(repository: string, stage: string, entry: StageEntry): string[] {
  const { kind, runId, step, rejected } = entry;
  return [
    `Kind: ${kind}`,
    `Run-Id: ${runId}`,
    `Step: ${step}`,
    `Stage: ${stage}`,
    `Repository: ${repository}`,
    ...(rejected ? [`Rejects: ${rejected}`] : []),
  ];
}

function trailersOf(repository: string, stage: string, entry: StageEntry): string[] {
  return [
    ...entryLines(repository, stage, entry),
    ...(entry.release ? [`Release: ${entry.release.digest}`, `Order: ${entry.order}`] : []),
    ...(entry.rejected ? [`Puts-Back: ${entry.runId}`] : []),
  ];
}
