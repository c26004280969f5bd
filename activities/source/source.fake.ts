/** Repositories in memory, for tests of other rooms: no git. They go away on request. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import { StepFailure } from '../../workflows/domain/step.js';
import type { ChangeSummary, Source } from './source.ports.js';

export class FakeSource implements Source {
  /** Path -> text, of every commit. */
  files: Record<string, string> = {};
  /** Set it to make every checkout fail with it. */
  refusal: Error | undefined;
  summary: ChangeSummary = {
    commits: [],
    change: { files: 0, insertions: 0, deletions: 0, paths: [] },
  };

  /** The commit was rewritten away. */
  loseCommit(): void {
    this.refusal = ApplicationFailure.nonRetryable('no such commit', StepFailure.errored);
  }

  async checkout({ folder }: { folder: string }): Promise<void> {
    if (this.refusal) throw this.refusal;
    await mkdir(folder);
    for (const [path, text] of Object.entries(this.files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  }

  isPristine(): boolean {
    return false;
  }

  readFrom(): string[] {
    return [];
  }

  async summarise(): Promise<ChangeSummary> {
    return this.summary;
  }

  async close(): Promise<void> {}
}
