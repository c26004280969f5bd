/** A GitOps repository in memory, with the same rules, that can be made to misbehave. */
import { createHash } from 'node:crypto';
import type { PutBack } from './deploy.activities.js';
import { type GitOps, GitOpsUnavailable, type Pin, type Withdrawal } from './deploy.ports.js';
import { decidePin, decidePutBack, EMPTY_STAGE, type StageState } from './gitops.rules.js';

export class FakeGitOps implements GitOps {
  /** The next so many calls find the repository unavailable. */
  failures = 0;
  private readonly stages = new Map<string, StageState>();
  private readonly wanted: { revision: string; stage: string; digest: string | null }[] = [];
  private readonly revisions = new Map<unknown, string>();

  async pin(pin: Pin) {
    this.misbehave();
    const decided = decidePin(this.state(pin.run.repository, pin.stage), pin);
    if ('outcome' in decided) return decided;
    const entry = 'made' in decided ? decided.made : decided.change;
    const revision = this.keep(pin.run.repository, pin.stage, decided);
    return {
      outcome: 'pinned' as const,
      revision,
      releaseDigest: entry.release?.digest ?? pin.release.digest,
    };
  }

  async putBack(withdrawal: Withdrawal) {
    this.misbehave();
    const { run, stage } = withdrawal;
    const decided = decidePutBack(this.state(run.repository, stage), withdrawal);
    const entry = 'made' in decided ? decided.made : decided.change;
    const revision = this.keep(run.repository, stage, decided);
    const outcome = entry.kind as PutBack['outcome'];
    return { outcome, revision, servingDigest: entry.release?.digest ?? null };
  }

  async current(repository: string, stage: string) {
    this.misbehave();
    return this.state(repository, stage).current;
  }

  async wantedAt(revision: string, repository: string, stage: string) {
    this.misbehave();
    const at = this.wanted.findIndex((w) => w.revision === revision);
    const before = this.wanted.slice(0, at + 1).reverse();
    return before.find((w) => w.stage === `${repository}/${stage}`)?.digest ?? null;
  }

  async history(repository: string, stage: string) {
    this.misbehave();
    return this.state(repository, stage).ledger.entries;
  }

  private keep(
    repository: string,
    stage: string,
    decided: ReturnType<typeof decidePutBack>,
  ): string {
    if ('made' in decided) return this.revisions.get(decided.made) ?? '';
    const revision = createHash('sha1').update(String(this.wanted.length)).digest('hex');
    this.stages.set(`${repository}/${stage}`, decided.next);
    this.revisions.set(decided.change, revision);
    const digest = decided.change.release?.digest ?? null;
    this.wanted.push({ revision, stage: `${repository}/${stage}`, digest });
    return revision;
  }

  private state(repository: string, stage: string): StageState {
    return this.stages.get(`${repository}/${stage}`) ?? EMPTY_STAGE;
  }

  private misbehave(): void {
    if (this.failures === 0) return;
    this.failures--;
    throw new GitOpsUnavailable('the GitOps repository is away, as the test wishes');
  }
}
