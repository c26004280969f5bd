/** Reading the user's repository: what changed between two commits. */
import type { Evidence } from '../../workflows/domain/gate.js';
import type { Source } from './source.ports.js';

export interface SourceActivities {
  /**
   * What `commit` changes against `comparedTo` (null: against its first parent). Reads only.
   * Limits as in Evidence: 50 commits, 100 paths. When the repository no longer has `comparedTo`,
   * everything counts as new.
   *
   * @throws {ApplicationFailure} `StepErrored`, never retried where the commit is missing.
   */
  summariseChange: (input: {
    repository: string;
    commit: string;
    comparedTo: string | null;
  }) => Promise<Pick<Evidence, 'commits' | 'change'>>;
}

export function createSourceActivities(source: Pick<Source, 'summarise'>): SourceActivities {
  return { summariseChange: (input) => source.summarise(input) };
}
