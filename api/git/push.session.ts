/**
 * One `git push`: what is kept before Git moves its refs, and what is started after.
 *
 * Invariant: a ref that was moved has its run, and a run has its moved ref. Before Git moves anything,
 * every update is kept with its compiled plan; when that cannot be done, the push is refused. After,
 * runs are launched under ids that were kept, so doing it twice makes no second run.
 */
import { SlipwayError, wordsOf } from '../../activities/platform/errors.js';
import type { PushRow, Store } from '../../activities/store/store.ports.js';
import { short } from '../../workflows/domain/names.js';
import { formatFinding } from '../../workflows/pipeline/finding.js';
import type { Log } from '../platform/log.js';
import type { Workflows } from '../platform/workflows.ports.js';
import type { Prepared } from '../runs/starter.service.js';
import { type BareRepositories, MAX_FILES } from './bare.repositories.js';
import type { HookCall, RefUpdate, Say } from './hook.channel.js';
import type { PushNarrator, ToldRun } from './push.narrator.js';
import type { PushRecovery } from './push.recovery.js';
import { type PushRuns, preparedOf } from './push.runs.js';
import { objectionTo } from './ref.rules.js';

const NOTHING = '0'.repeat(40);
const BRANCH = 'refs/heads/';
/** Branches of one push that may start runs. */
const MAX_BRANCHES = 50;
/** Findings that are printed; the run has all. */
const MAX_FINDINGS_SAID = 100;
/** Objections to refs that are said; the push is refused as a whole. */
const MAX_OBJECTIONS_SAID = 10;
/** A busy Temporal, or one that is asked for the first time, is not one that is away. Milliseconds. */
const TEMPORAL_MS = 5_000;
const NO_PIPELINE =
  'no run: there is no .slipway/pipeline.yaml; add one, and "slipway lint" tells you what is wrong with it';

export interface PushParts {
  repositories: BareRepositories;
  store: Pick<Store, 'repositories' | 'audit'>;
  workflows: Pick<Workflows, 'ping'>;
  runs: PushRuns;
  recovery: PushRecovery;
  narrator: PushNarrator;
  log: Log;
}

export interface Pusher {
  repository: string;
  login: string;
}

interface Kept {
  row: PushRow;
  prepared: Prepared;
  /** The row was made by this push, and not by the same push before it. */
  isNew: boolean;
}

export class PushSession {
  /** Kept and not settled, by ref. */
  private readonly kept = new Map<string, Kept>();
  private readonly left = new AbortController();

  constructor(
    private readonly parts: PushParts,
    private readonly pusher: Pusher,
  ) {}

  /** Answers a hook: its exit code. */
  async answer(call: HookCall, say: Say): Promise<number> {
    if (call.hook === 'post-receive') return this.launch(call, say);
    try {
      return await this.keep(call, say);
    } catch (error) {
      say(`The push was refused, and nothing was changed: ${wordsOf(error)}.`);
      say(error instanceof SlipwayError ? error.help : 'Push again; see the log of the API.');
      if (!(error instanceof SlipwayError)) this.note(error, 'a push could not be kept');
      return 1;
    }
  }

  /** The client has gone: runs go on, nobody is told. */
  leave(): void {
    this.left.abort();
  }

  /** Git has ended. Settles what no hook settled. `isOver`: nothing of Git still runs. */
  async end(isOver: boolean): Promise<void> {
    this.leave();
    for (const [ref, { row }] of this.kept) {
      const isLast = this.parts.recovery.release(row.id);
      try {
        if (await this.parts.recovery.settle(row, isOver && isLast)) this.kept.delete(ref);
      } catch (error) {
        this.note(error, 'a push waits for its run');
      }
    }
    if (this.kept.size > 0) void this.parts.recovery.recoverPushes();
  }

  private async keep({ updates, quarantine }: HookCall, say: Say): Promise<number> {
    const { repository, login } = this.pusher;
    const branches = updates.filter(({ ref, newCommit }) => isBranch(ref) && newCommit !== NOTHING);
    if (branches.length > MAX_BRANCHES) {
      say(`This push moves ${branches.length} branches; the limit is ${MAX_BRANCHES}. Push fewer.`);
      return 1;
    }
    if (!(await this.isAllowed(updates, branches, { quarantine, say }))) return 1;
    for (const update of updates) {
      const { ref, oldCommit, newCommit } = update;
      const audited = { by: login, action: 'git.push', subject: `repository/${repository}` };
      await this.parts.store.audit.add({ ...audited, detail: { ref, oldCommit, newCommit } });
    }
    let starts = 0;
    for (const update of branches) {
      const prepared = await this.prepare(update, quarantine);
      const label = branches.length > 1 ? `[${branchOf(update)}] ` : '';
      if (typeof prepared === 'string') say(`${label}${prepared}`);
      else {
        if (prepared.plan !== null) starts++;
        await this.remember(update, prepared);
      }
    }
    if (await this.isOvertaken()) {
      say('Somebody moved the same branch at this moment. Fetch, and push again.');
      return 1;
    }
    if (starts === 0 || (await this.parts.workflows.ping(TEMPORAL_MS))) return 0;
    say('The push was refused, and nothing was changed: Temporal cannot be reached.');
    say('Push again when it answers; "slipway doctor" shows how things are.');
    return 1;
  }

  /** Says why not. */
  private async isAllowed(
    updates: RefUpdate[],
    branches: RefUpdate[],
    { quarantine, say }: Pick<HookCall, 'quarantine'> & { say: Say },
  ): Promise<boolean> {
    const objections = updates.flatMap((update) => objectionTo(update) ?? []);
    for (const objection of objections.slice(0, MAX_OBJECTIONS_SAID)) say(objection);
    if (objections.length > 0) return false;
    const { repositories } = this.parts;
    for (const { newCommit } of branches) {
      const { repository } = this.pusher;
      if (!(await repositories.hasTooManyFiles(repository, newCommit, quarantine))) continue;
      say(`commit ${short(newCommit)} has more than ${MAX_FILES} files; keep them elsewhere`);
      return false;
    }
    return true;
  }

  private async prepare(
    update: RefUpdate,
    quarantine: NodeJS.ProcessEnv,
  ): Promise<Prepared | string> {
    const { repositories, runs } = this.parts;
    const { repository, login } = this.pusher;
    const [pipeline, changedPaths] = await Promise.all([
      repositories.pipelineAt(repository, update.newCommit, quarantine),
      update.oldCommit === NOTHING
        ? null
        : repositories.changedPaths(repository, update, quarantine),
    ]);
    if (!pipeline) return NO_PIPELINE;
    const [branch, commit] = [branchOf(update), update.newCommit];
    const pushed = { repository, branch, commit, by: login, pipeline, changedPaths };
    const prepared = await runs.prepare(pushed);
    return 'none' in prepared ? `no run: ${prepared.none}` : prepared;
  }

  private async remember({ ref, oldCommit, newCommit }: RefUpdate, prepared: Prepared) {
    const { store, recovery } = this.parts;
    const { repository, login } = this.pusher;
    const row = await store.repositories.receivePush({
      repository,
      ref,
      oldCommit,
      newCommit,
      by: login,
      runId: prepared.run.id,
      order: prepared.run.order,
      pipeline: prepared,
    });
    recovery.hold(row.id);
    // Where the same push was kept before, its run is the one.
    const isNew = row.runId === prepared.run.id;
    this.kept.set(ref, { row, prepared: isNew ? prepared : preparedOf(row), isNew });
  }

  /**
   * Whether another push has moved our refs. Asked after ours is kept: until then the same push by
   * somebody else shares our row, and after that it is the one that counts. So none gets two runs.
   */
  private async isOvertaken(): Promise<boolean> {
    const { repositories, store, recovery } = this.parts;
    if (this.kept.size === 0) return false;
    const now = await repositories.refs(this.pusher.repository, [...this.kept.keys()]);
    const isMoved = ({ row }: Kept) => (now.get(row.ref) ?? NOTHING) !== row.oldCommit;
    if (![...this.kept.values()].some(isMoved)) return false;
    for (const { row, isNew } of this.kept.values()) {
      if (isNew) await store.repositories.settlePush(row.id, 'dropped');
      recovery.release(row.id);
    }
    this.kept.clear();
    return true;
  }

  private async launch({ updates }: HookCall, say: Say): Promise<number> {
    const moved = updates.flatMap(({ ref }) => this.kept.get(ref) ?? []);
    const told: ToldRun[] = [];
    for (const { row, prepared } of moved) {
      const { id, repository } = prepared.run;
      const prefix = moved.length > 1 ? `[${id}] ` : '';
      if (await this.launchOne(row, prepared)) told.push({ id, repository, prefix });
      else say(`${prefix}${id} is accepted and starts as soon as Slipway is whole: slipway doctor`);
      if (prepared.plan === null) sayFindings(prepared, (line) => say(`${prefix}${line}`));
    }
    await this.parts.narrator.narrate(told, say, this.left.signal);
    return 0;
  }

  private async launchOne(row: PushRow, prepared: Prepared): Promise<boolean> {
    const { runs, store, recovery } = this.parts;
    try {
      await runs.launch(prepared);
    } catch (error) {
      this.note(error, 'a push waits for its run');
      return false;
    }
    try {
      await store.repositories.settlePush(row.id, 'accepted');
      this.kept.delete(row.ref);
      recovery.release(row.id);
    } catch (error) {
      this.note(error, 'a run was started; its push is settled later');
    }
    return true;
  }

  private note(error: unknown, message: string): void {
    const { repository } = this.pusher;
    this.parts.log.warn({ repository, detail: wordsOf(error), err: error }, message);
  }
}

function sayFindings({ findings, run }: Prepared, say: Say): void {
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  say(`the pipeline of ${short(run.commit)} cannot run, ${count}:`);
  for (const finding of findings.slice(0, MAX_FINDINGS_SAID)) say(`  ${formatFinding(finding)}`);
}

function isBranch(ref: string): boolean {
  return ref.startsWith(BRANCH);
}

function branchOf({ ref }: RefUpdate): string {
  return ref.slice(BRANCH.length);
}
