/** Source on the bare repositories behind our git endpoint. */

import { randomUUID } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import { LRUCache } from 'lru-cache';
import { Commit, RepositoryName, short } from '../../workflows/domain/names.js';
import { StepFailure } from '../../workflows/domain/step.js';
import { wordsOf } from '../platform/errors.js';
import { machineTrouble } from '../platform/machine.js';
import { summarise } from './change.js';
import type { Copy } from './copy.js';
import { type GitFailed, git } from './git.js';
import { CommitTooLarge, checkSize } from './size.js';
import type { ChangeSummary, Source } from './source.ports.js';
import { makeTemplate, type Owner, type Template } from './template.js';

/** Templates that one process keeps, and the memory that they may take. */
const MAX_TEMPLATES = 32;
const MAX_TEMPLATE_BYTES = 33_554_432;
/** Checkouts that are remembered for isPristine. */
const MAX_COPIES = 1_000;

export interface GitSourceFolders {
  /** Holds NAME.git. */
  repositories: string;
  /** Of this process alone; may not exist yet. Templates that are not in memory live here. */
  templates: string;
  owner?: Owner;
}

export class GitSource implements Source {
  private readonly templates = new LRUCache<string, Template>({
    max: MAX_TEMPLATES,
    maxSize: MAX_TEMPLATE_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
    dispose: (template) => this.discard(template),
  });
  /** Single flight: checkouts of the same commit share the making of its template. */
  private readonly making = new Map<string, Promise<Template>>();
  /** By folder. */
  private readonly copies = new LRUCache<string, Copy>({ max: MAX_COPIES });
  private readonly removals = new Set<Promise<void>>();

  constructor(private readonly folders: GitSourceFolders) {}

  async checkout(at: { repository: string; commit: string; folder: string }): Promise<void> {
    try {
      const template = await this.template(at.repository, at.commit);
      const copy = await template.copyTo(at.folder);
      if (copy) this.copies.set(at.folder, copy);
    } catch (error) {
      throw await this.explain(error, at);
    }
  }

  isPristine(folder: string): boolean {
    const isPristine = this.copies.get(folder)?.isPristine() ?? false;
    if (!isPristine) this.copies.delete(folder);
    return isPristine;
  }

  readFrom(repository: string): string[] {
    return [join(this.bare(repository), 'objects')];
  }

  async summarise(change: {
    repository: string;
    commit: string;
    comparedTo: string | null;
  }): Promise<ChangeSummary> {
    try {
      await checkSize(this.bare(change.repository), change.commit);
      return await summarise(this.bare(change.repository), change.commit, change.comparedTo);
    } catch (error) {
      throw await this.explain(error, change);
    }
  }

  async close(): Promise<void> {
    this.templates.clear();
    await Promise.all(this.removals);
  }

  private async template(repository: string, commit: string): Promise<Template> {
    const key = `${repository}@${commit}`;
    const known = this.templates.get(key) ?? this.making.get(key);
    if (known) return known;
    const making = this.make(repository, commit);
    this.making.set(key, making);
    try {
      const template = await making;
      this.templates.set(key, template);
      return template;
    } finally {
      this.making.delete(key);
    }
  }

  private async make(repository: string, commit: string): Promise<Template> {
    const bare = this.bare(repository);
    await mkdir(this.folders.templates, { recursive: true });
    const { templates, owner } = this.folders;
    return makeTemplate(bare, Commit.parse(commit), join(templates, randomUUID()), owner);
  }

  private discard(template: Template): void {
    const removal = template.remove().finally(() => this.removals.delete(removal));
    this.removals.add(removal);
  }

  private bare(repository: string): string {
    return join(this.folders.repositories, `${RepositoryName.parse(repository)}.git`);
  }

  /** Says what is missing, where something is: git's own words do not. */
  private async explain(
    error: unknown,
    { repository, commit }: { repository: string; commit: string },
  ): Promise<ApplicationFailure> {
    const bare = this.bare(repository);
    const type = StepFailure.errored;
    if (error instanceof CommitTooLarge) {
      return ApplicationFailure.nonRetryable(`${error.message}. ${error.help}`, type);
    }
    const trouble = machineTrouble(error, bare);
    if (trouble) {
      const message = `commit ${short(commit)} cannot be read: ${trouble.message}. ${trouble.help}`;
      return ApplicationFailure.create({ message, type, cause: trouble });
    }
    if (!(await isThere(bare))) {
      const message = `there is no repository "${repository}"; was it removed? Push it again.`;
      return ApplicationFailure.nonRetryable(message, type);
    }
    if (await isMissing(bare, commit)) {
      const message =
        `the repository "${repository}" has no commit ${short(commit)}; was its branch removed or ` +
        'rewritten? Push the commit again.';
      return ApplicationFailure.nonRetryable(message, type);
    }
    const message = `commit ${short(commit)} of "${repository}" cannot be read: ${wordsOf(error)}`;
    const cause = error instanceof Error ? error : new Error(String(error));
    return ApplicationFailure.create({ message, type, cause });
  }
}

/** Only where git itself says so: one that cannot be started knows nothing. */
async function isMissing(bare: string, commit: string): Promise<boolean> {
  try {
    await git(bare, ['cat-file', '-e', `${commit}^{commit}`]);
    return false;
  } catch (error) {
    const { cause } = error as GitFailed & { cause?: { code?: unknown } };
    return typeof cause?.code === 'number';
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
