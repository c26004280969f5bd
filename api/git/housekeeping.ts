/**
 * Packs what many pushes leave as single files. Git's own housekeeping is off (see git.settings.ts): it
 * would hold the push open, and remove commits that runs still name.
 */
import { wordsOf } from '../../activities/platform/errors.js';
import type { Log } from '../platform/log.js';
import type { BareRepositories } from './bare.repositories.js';

const PUSHES_BETWEEN = 50;

export class Housekeeping {
  private readonly pushes = new Map<string, number>();
  /** One repository at a time. */
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly repositories: Pick<BareRepositories, 'pack'>,
    private readonly log: Log,
    private readonly every = PUSHES_BETWEEN,
  ) {}

  /** Called after each push; packs after every fiftieth, beside whatever else goes on. */
  pushed(repository: string): void {
    const count = (this.pushes.get(repository) ?? 0) + 1;
    this.pushes.set(repository, count % this.every);
    if (count < this.every) return;
    this.working = this.working
      .then(() => this.repositories.pack(repository))
      .catch((error: unknown) => {
        this.log.warn({ repository, detail: wordsOf(error) }, 'a repository could not be packed');
      });
  }

  /** When nothing is being packed. */
  idle(): Promise<void> {
    return this.working;
  }
}
