/** Reading the user's repository: what changed between two commits. */
import type { Evidence } from '../../workflows/domain/gate.js';

export interface SourceActivities {
  /**
   * What `commit` changes against `comparedTo` (null: against its first parent). Reads only.
   * Limits as in Evidence: 50 commits, 100 paths.
   */
  summariseChange: (input: {
    repository: string;
    commit: string;
    comparedTo: string | null;
  }) => Promise<Pick<Evidence, 'commits' | 'change'>>;
}
