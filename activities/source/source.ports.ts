/** The users' repositories, as steps need them. */
import type { Evidence } from '../../workflows/domain/gate.js';

export interface Source {
  /**
   * Brings the commit's files into being at `folder`, with a `.git` that answers `git log`, `status`
   * and `diff` (HEAD is detached; branches are `origin/…`). Shares no file with anybody.
   *
   * @param at.folder absolute; must not exist, its parent must.
   * @throws {ApplicationFailure} `StepErrored`: no such repository or commit (never retried), or no
   * room on disk.
   */
  checkout(at: { repository: string; commit: string; folder: string }): Promise<void>;

  /**
   * True when the checkout at `folder` is certainly as it was made: nothing was added, removed or
   * changed. False also when that cannot be said cheaply. Nobody may be using it meanwhile.
   */
  isPristine(folder: string): boolean;

  /** Folders outside of a checkout that its git reads, and never writes: objects of the repository. */
  readFrom(repository: string): string[];

  /** What SourceActivities.summariseChange promises. */
  summarise(change: {
    repository: string;
    commit: string;
    comparedTo: string | null;
  }): Promise<ChangeSummary>;

  /** Removes what is kept to make checkouts fast. */
  close(): Promise<void>;
}

export type ChangeSummary = Pick<Evidence, 'commits' | 'change'>;
