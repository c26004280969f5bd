/**
 * What the rest of the code may ask of PostgreSQL, in records of plain data.
 *
 * Every method may be repeated unless it says otherwise. Every method throws `StoreUnavailable` when
 * PostgreSQL cannot be reached; callers let it pass, so that activities are retried and the API
 * answers 503. Times are Date objects, lists have at most 200 items.
 */
import type { Decision, Evidence, GateOutcome } from '../../workflows/domain/gate.js';
import type { Artifact } from '../../workflows/domain/release.js';
import type { ChatStore } from './chat.ports.js';
import type { ProposalsStore } from './proposals.ports.js';
import type { Page, PageWish, RunsStore } from './runs.ports.js';

export type * from './chat.ports.js';
export type * from './proposals.ports.js';
export type * from './runs.ports.js';

export interface PushRow {
  id: string;
  repository: string;
  ref: string;
  oldCommit: string;
  newCommit: string;
  by: string;
  state: 'received' | 'accepted' | 'dropped';
  runId: string | null;
  order: number | null;
  /** `{plan}` or `{findings}`, as the receiver stored it. */
  pipeline: unknown;
  createdAt: Date;
}

export interface RepositoriesStore {
  create(name: string, by: string): Promise<void>;
  exists(name: string): Promise<boolean>;
  /** By name. */
  list(page: PageWish): Promise<Page<{ name: string; createdAt: Date }>>;
  /** Takes the next place in the repository's order of triggers. Not repeatable: gaps are fine. */
  nextOrder(name: string): Promise<number>;
  /** Keeps a push that Git has not carried out yet; the same unsettled push keeps its row. */
  receivePush(push: Omit<PushRow, 'id' | 'state' | 'createdAt'>): Promise<PushRow>;
  settlePush(id: string, state: 'accepted' | 'dropped'): Promise<void>;
  unsettledPushes(repository?: string): Promise<PushRow[]>;
}

export interface GateRow {
  runId: string;
  step: string;
  stage: string | null;
  approvers: string[];
  required: number;
  selfApproval: boolean;
  evidence: Evidence;
  openedAt: Date;
  expiresAt: Date;
  outcome: GateOutcome | null;
  reason: string | null;
  closedAt: Date | null;
  decisions: { by: string; answer: Decision['answer']; reason: string | null; at: Date }[];
}

export interface GatesStore {
  open(
    gate: Omit<GateRow, 'openedAt' | 'outcome' | 'reason' | 'closedAt' | 'decisions'>,
  ): Promise<void>;
  decide(runId: string, step: string, decision: Decision): Promise<void>;
  close(runId: string, step: string, outcome: GateOutcome, reason: string | null): Promise<void>;
  get(runId: string, step: string): Promise<GateRow | undefined>;
  /** Newest first. */
  list(filter: {
    state?: 'open' | 'closed';
    runId?: string;
    limit: number;
    cursor?: string;
  }): Promise<Page<GateRow>>;
}

export interface StageRow {
  repository: string;
  name: string;
  url: string | null;
  revision: string | null;
  digest: string | null;
  health: 'healthy' | 'progressing' | 'degraded' | 'absent';
  message: string;
  /** Since somebody looked at it, by PostgreSQL's clock; null when nobody has. Milliseconds. */
  silentMs: number | null;
  queue: { runId: string; state: string }[];
}
/** What tellers of a change say; whether a put-back changed anything is seen when it is read. */
export type ToldKind = Exclude<StageEvent['kind'], 'rejection'>;

export interface StageEvent {
  repository: string;
  stage: string;
  revision: string;
  /** `rejection`: a put-back that changed nothing, because another release served already. */
  kind: 'deploy' | 'rollback' | 'putBack' | 'rejection';
  digest: string | null;
  rejected: string | null;
  runId: string;
  reason: string | null;
  at: Date;
}
export interface ReleaseRow {
  digest: string;
  repository: string;
  commit: string;
  runId: string;
  artifacts: Artifact[];
  createdAt: Date;
}

export interface StagesStore {
  /** What the target sees. Wakes `changes` listeners with `stage:<repository>/<name>`. */
  observe(stage: Omit<StageRow, 'queue' | 'silentMs'>): Promise<void>;
  queue(
    repository: string,
    name: string,
    places: { runId: string; state: string }[],
  ): Promise<void>;
  get(repository: string, name: string): Promise<StageRow | undefined>;
  /** By repository and name. */
  list(query: PageWish & { repository?: string }): Promise<Page<StageRow>>;
  /** Repeatable by revision. */
  happened(event: Omit<StageEvent, 'at' | 'kind'> & { kind: ToldKind }): Promise<void>;
  history(query: {
    repository: string;
    stage: string;
    limit: number;
    cursor?: string;
  }): Promise<Page<StageEvent>>;
  keepRelease(release: Omit<ReleaseRow, 'createdAt'>): Promise<void>;
  release(digest: string): Promise<ReleaseRow | undefined>;
  releases(query: {
    repository?: string;
    limit: number;
    cursor?: string;
  }): Promise<Page<ReleaseRow>>;
}

/** What a token may do. `admin` includes all others. */
export type Scope = 'read' | 'push' | 'run' | 'approve' | 'generate' | 'chat' | 'admin';
export interface User {
  login: string;
  teams: string[];
  disabled: boolean;
}
/** What one token may ask of models in a minute, of all that its user may; null: all of it. */
export interface TokenBudget {
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
}

export interface TokenRow extends TokenBudget {
  id: string;
  login: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

export interface UsersStore {
  put(user: User): Promise<void>;
  get(login: string): Promise<User | undefined>;
  /** By login. */
  list(page: PageWish): Promise<Page<User>>;
  /** Active users with a live token of scope approve or admin, among these logins and teams. */
  approvers(from: string[]): Promise<string[]>;
  addToken(token: {
    login: string;
    name: string;
    hash: Buffer;
    scopes: Scope[];
    expiresAt: Date | null;
    /** Default: no budget of its own. */
    budget?: TokenBudget;
  }): Promise<TokenRow>;
  /** The live token with this hash and its active user; notes its use at most once a minute. */
  byTokenHash(hash: Buffer): Promise<{ user: User; token: TokenRow } | undefined>;
  /** Of one user, or of all; newest first. */
  tokens(query: PageWish & { login?: string }): Promise<Page<TokenRow>>;
  /** False when there is no such token, or not one of this login. */
  revokeToken(id: string, login?: string): Promise<boolean>;
}

export interface AuditEntry {
  id: string;
  at: Date;
  by: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
}
export interface AuditStore {
  /** Not repeatable: one entry per command. */
  add(entry: {
    by: string;
    action: string;
    subject: string;
    detail?: Record<string, unknown>;
  }): Promise<void>;
  list(query: { limit: number; cursor?: string }): Promise<Page<AuditEntry>>;
}

/** Where a secret applies. */
export interface SecretScope {
  /** Null: every repository. It need not exist yet. */
  repository: string | null;
  /** Patterns of branches, sorted, see pipeline/glob. Empty: every branch. */
  branches: string[];
  /** Null: every step that names it. Else only steps that check this stage. */
  stage: string | null;
}
export interface SecretRow extends SecretScope {
  id: string;
  name: string;
  /** 1, 2, 3 … of the same name and scope. */
  version: number;
  /** Of the master key that wraps the secret's own key. */
  keyId: string;
  updatedAt: Date;
  updatedBy: string;
}
export interface SealedSecretRow extends SecretRow {
  wrappedKey: Buffer;
  sealed: Buffer;
}

/** Rows and bytes; what opens them is a matter of activities/secrets. */
export interface SecretsStore {
  /** All of these names that apply to the repository, whatever the branch and the stage; at most 400. */
  applying(query: { repository: string; names: string[] }): Promise<SecretRow[]>;
  at(of: SecretScope & { name: string }): Promise<SecretRow | undefined>;
  /**
   * Keeps version 1 of a new secret, or the next version of one that is there. `changed`: somebody else
   * did, look again. `full`: the repository has `limit` of them.
   */
  put(row: SealedSecretRow, limit: number): Promise<SecretRow | 'changed' | 'full'>;
  sealed(id: string): Promise<SealedSecretRow | undefined>;
  /** @returns what was removed; undefined when it was not there. */
  remove(id: string): Promise<SecretRow | undefined>;
  /** By repository and name. With a repository: its own, and those of every repository. */
  list(query: { repository?: string; limit: number; cursor?: string }): Promise<Page<SecretRow>>;
  /** Secrets that another key than `keyId` wraps, by id, after `after`; at most 200. */
  wrappedOtherwise(query: {
    keyId: string;
    after: string | null;
    limit: number;
  }): Promise<SealedSecretRow[]>;
  /** False when it is no longer the version that `from` wraps; nothing is done then. */
  rewrap(of: {
    id: string;
    version: number;
    from: string;
    keyId: string;
    wrappedKey: Buffer;
  }): Promise<boolean>;
}

export interface Store {
  runs: RunsStore;
  repositories: RepositoriesStore;
  gates: GatesStore;
  stages: StagesStore;
  users: UsersStore;
  audit: AuditStore;
  secrets: SecretsStore;
  chat: ChatStore;
  proposals: ProposalsStore;
  /** True when PostgreSQL answers within 1.5 s. */
  ping(): Promise<boolean>;
  /**
   * Calls `listener` after every committed change, with `run:<id>`, `stage:<repository>/<name>`,
   * `turn:<id>` (an answer grew or ended), `conversation:<id>` (turns came or changed, or it did),
   * `presence:<conversation>` or `models`, with what replicas say to each other (`PeersStore.say`), and
   * with `reconnected` when notifications may have been missed. Reconnects by itself. Returns how to stop listening.
   */
  listen(listener: (changed: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
