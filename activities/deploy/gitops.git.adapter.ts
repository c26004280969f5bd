/**
 * The GitOps repository as a bare Git repository on this machine.
 *
 * A change is decided on one tip of main and committed on that tip; when main moved in between, it is
 * decided again (compare and swap). Two processes a change, whatever the length of the history.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Release } from '../../workflows/domain/release.js';
import { Release as ReleaseSchema } from '../../workflows/domain/release.js';
import { wordsOf } from '../platform/errors.js';
import type { Pinned, PutBack } from './deploy.activities.js';
import {
  type GitOps,
  GitOpsUnavailable,
  type Pin,
  type StageEntry,
  type Withdrawal,
} from './deploy.ports.js';
import { BareRepository, GitFailed } from './git.repository.js';
import { ledgerPath, releasePath, stageFiles } from './gitops.layout.js';
import { decidePin, decidePutBack, type Ledger, type StageState } from './gitops.rules.js';
import { entryLines, messageOf } from './gitops.trailers.js';

/** How often one change is decided anew because somebody else moved main. */
const MAX_RACES = 20;
/** Longest pause after a lost race. Milliseconds. */
const RACE_PAUSE_MS = 25;
/** Loose objects are packed once in so many commits, by chance of the commit's name. */
const TIDY_NAMES = /^00/;

type Decision<R> = { made: StageEntry } | { change: StageEntry; next: StageState } | { outcome: R };

/** @param path of the bare repository, which is created on first use. */
export function createGitOps(path: string): GitOps {
  return new GitOpsRepository(path);
}

class GitOpsRepository implements GitOps {
  private readonly repository: BareRepository;
  /** Changes of this process wait for each other: cheaper than losing races to ourselves. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly path: string) {
    this.repository = new BareRepository(path);
  }

  async pin(pin: Pin): Promise<Pinned> {
    const { release, run, stage } = pin;
    const { decided, revision } = await this.inTurn(() =>
      this.change(run.repository, stage, (state) => decidePin(state, pin)),
    );
    if ('outcome' in decided) return decided;
    const entry = 'made' in decided ? decided.made : decided.change;
    return { outcome: 'pinned', revision, releaseDigest: entry.release?.digest ?? release.digest };
  }

  async putBack(withdrawal: Withdrawal): Promise<PutBack> {
    const { run, stage } = withdrawal;
    const { decided, revision } = await this.inTurn(() =>
      this.change(run.repository, stage, (state) => decidePutBack(state, withdrawal)),
    );
    const entry = 'made' in decided ? decided.made : decided.change;
    const servingDigest = entry.release?.digest ?? null;
    return { outcome: entry.kind as PutBack['outcome'], revision, servingDigest };
  }

  async current(name: string, stage: string): Promise<Release | null> {
    return (await this.now(name, stage)).current;
  }

  async history(name: string, stage: string): Promise<StageEntry[]> {
    return (await this.now(name, stage)).ledger.entries;
  }

  wantedAt(revision: string, name: string, stage: string): Promise<string | null> {
    return guarded(this.path, async () => {
      const [text] = await this.repository.read([`${revision}:${releasePath(name, stage)}`]);
      return text ? parseRelease(text).digest : null;
    });
  }

  private now(name: string, stage: string): Promise<StageState> {
    return guarded(this.path, async () =>
      stateAt(this.repository, await this.repository.head(), name, stage),
    );
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const guardedWork = () => guarded(this.path, work);
    const mine = this.last.then(guardedWork, guardedWork);
    this.last = mine;
    return mine;
  }

  private async change<D extends Decision<unknown>>(
    name: string,
    stage: string,
    decide: (state: StageState) => D,
  ): Promise<{ decided: D; revision: string }> {
    const { repository } = this;
    await repository.create();
    for (let race = 0; race < MAX_RACES; race++) {
      const head = await repository.head();
      const decided = decide(await stateAt(repository, head, name, stage));
      if ('outcome' in decided) return { decided, revision: head ?? '' };
      if ('made' in decided) {
        return { decided, revision: await this.find(name, stage, decided.made) };
      }
      const commit = await repository.commit({
        parent: head,
        message: messageOf(name, stage, decided.change),
        files: stageFiles(name, stage, decided.next),
        at: new Date(),
      });
      if (commit !== null) {
        if (TIDY_NAMES.test(commit)) await repository.tidy().catch(() => {});
        return { decided, revision: commit };
      }
      await wait(Math.random() * RACE_PAUSE_MS);
    }
    throw new GitOpsUnavailable(
      `"${this.path}" was changed by others ${MAX_RACES} times while "${stage}" was to be changed`,
    );
  }

  /** A ledger's entry cannot name the commit that carries it; the commit's trailers name the entry. */
  private async find(name: string, stage: string, made: StageEntry): Promise<string> {
    const lines = entryLines(name, stage, made);
    const found = await this.repository.find(lines, ledgerPath(name, stage));
    if (found !== null) return found;
    const wanted = `${made.kind} of run "${made.runId}", step "${made.step}"`;
    throw new Error(`the ledger of ${name}/${stage} has a ${wanted}, but no commit does`);
  }
}

async function stateAt(
  repository: BareRepository,
  head: string | null,
  name: string,
  stage: string,
): Promise<StageState> {
  const names = [releasePath(name, stage), ledgerPath(name, stage)];
  const [release, ledger] = head ? await repository.read(names.map((n) => `${head}:${n}`)) : [];
  return {
    current: release ? parseRelease(release) : null,
    ledger: ledger ? (JSON.parse(ledger) as Ledger) : { entries: [], rejected: [] },
  };
}

function parseRelease(text: string): Release {
  return ReleaseSchema.parse(JSON.parse(text));
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (!(cause instanceof GitFailed) && code === undefined) throw cause;
    throw new GitOpsUnavailable(
      `the GitOps repository "${path}" cannot be used: ${wordsOf(cause)}`,
      cause,
    );
  }
}
