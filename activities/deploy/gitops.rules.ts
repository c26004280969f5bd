/**
 * Which change of a stage follows from a wish. Pure: the adapter and the fake decide alike.
 *
 * The ledger is the stage's memory in Git (`ledger.json`): its last changes and its rejected releases.
 */
import type { Release } from '../../workflows/domain/release.js';
import type { Pin, StageEntry, Withdrawal } from './deploy.ports.js';

/** Changes of a stage that its ledger remembers; older ones are in Git's own history. */
export const MAX_ENTRIES = 30;
/** Rejections of a stage that its ledger remembers. */
export const MAX_REJECTIONS = 200;

export interface Ledger {
  /** Newest first. */
  entries: StageEntry[];
  /** Releases that a check or a person said no to on this stage. Newest first. */
  rejected: { digest: string; runId: string; reason: string }[];
}

/** A stage as one revision of the repository has it. */
export interface StageState {
  current: Release | null;
  ledger: Ledger;
}

export type Decided<Refusal = never> =
  /** The change was made before: find its commit. */
  { made: StageEntry } | { change: StageEntry; next: StageState } | Refusal;

export type PinRefusal = { outcome: 'superseded' | 'refused'; reason: string };

export const EMPTY_STAGE: StageState = { current: null, ledger: { entries: [], rejected: [] } };

const short = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 7);

export function decidePin({ current, ledger }: StageState, pin: Pin): Decided<PinRefusal> {
  const { run, step, stage, release, kind, trigger } = pin;
  const made = ledger.entries.find(
    (e) => e.runId === run.id && e.step === step && (e.kind === 'deploy' || e.kind === 'rollback'),
  );
  if (made) return { made };
  const order = orderOf({ current, ledger });
  if (kind === 'deploy' && order > run.order) {
    const newer = current ? `${short(current.commit)} of run ${current.runId}` : `order ${order}`;
    const reason = `${stage} has newer work already, ${newer}; ${short(release.commit)} was not deployed`;
    return { outcome: 'superseded', reason };
  }
  const rejection = ledger.rejected.find((r) => r.digest === release.digest);
  if (rejection && trigger.overrideReason === undefined) {
    const reason =
      `release ${short(release.digest)} was rejected on ${stage} in run ${rejection.runId}: ` +
      `${rejection.reason}. Push a fix, or start a run with an override reason.`;
    return { outcome: 'refused', reason };
  }
  const change: StageEntry = {
    kind,
    runId: run.id,
    step,
    order: run.order,
    release,
    rejected: null,
    reason: trigger.overrideReason ?? null,
  };
  const rejected = ledger.rejected.filter((r) => r !== rejection);
  return { change, next: after({ current, ledger: { ...ledger, rejected } }, change) };
}

export function decidePutBack(state: StageState, withdrawal: Withdrawal): Decided {
  const { current, ledger } = state;
  const { run, step, releaseDigest: digest, reason } = withdrawal;
  const made = ledger.entries.find(
    (e) => e.runId === run.id && e.step === step && e.rejected === digest,
  );
  if (made) return { made };
  const known = ledger.rejected.filter((r) => r.digest !== digest);
  const rejected = [{ digest, runId: run.id, reason }, ...known].slice(0, MAX_REJECTIONS);
  const common = { runId: run.id, step, rejected: digest, reason };
  const withRejection = { current, ledger: { ...ledger, rejected } };
  if (current?.digest !== digest) {
    const order = orderOf(state);
    const change: StageEntry = { kind: 'passedOn', order, release: current, ...common };
    return { change, next: after(withRejection, change) };
  }
  const before = previous(withRejection.ledger, digest);
  const change: StageEntry = before?.release
    ? { kind: 'putBack', order: before.order, release: before.release, ...common }
    : { kind: 'emptied', order: 0, release: null, ...common };
  return { change, next: after(withRejection, change) };
}

/** The newest state of the stage before `digest` whose release nobody rejected. */
function previous({ entries, rejected }: Ledger, digest: string): StageEntry | undefined {
  const last = entries.findIndex((e) => e.release?.digest === digest);
  return entries
    .slice(last + 1)
    .find((e) => e.release !== null && !rejected.some((r) => r.digest === e.release?.digest));
}

/** A hand-made commit to release.json has no entry; then its own order counts. */
function orderOf({ current, ledger }: StageState): number {
  const [newest] = ledger.entries;
  if (!current) return 0;
  return newest?.release?.digest === current.digest ? newest.order : current.order;
}

function after({ ledger }: StageState, change: StageEntry): StageState {
  const entries = [change, ...ledger.entries].slice(0, MAX_ENTRIES);
  return { current: change.release, ledger: { ...ledger, entries } };
}
