/** Scanning: our own scanners and anybody's SARIF, answered by severity. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, activityInfo, CancelledFailure } from '@temporalio/activity';
import { type Finding, reaches, type Severity } from '../../workflows/domain/finding.js';
import { STEP_TIMEOUT_SECONDS, toReason } from '../../workflows/domain/limits.js';
import { short } from '../../workflows/domain/names.js';
import { type StepContext, StepFailure, type StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import type { ArtifactStore } from '../artifacts/artifacts.ports.js';
import type { Logs, StepLog } from '../logs/logs.ports.js';
import { wordsOf } from '../platform/errors.js';
import { withinStepTime } from '../platform/step-time.js';
import { add, reaching, sorted, spoken, total } from './counting.js';
import { scannedSarif } from './sarif.files.js';
import { toSarif } from './sarif.write.js';
import type { Files, Scanned, Scanner, Subject } from './scan.ports.js';

export interface ScanActivities {
  /**
   * Scans the artifact `of` (from the context's artifacts), or the commit's files. Findings go to the
   * log and, by severity, into the result; all that were kept go into a SARIF artifact, whose digest
   * the summary names. Safe to retry: it reads only, and the same findings are the same artifact.
   *
   * @returns `failed` when a finding reaches `failOn` (default high), or a file that should have been
   *   understood was not. The summary says how old the vulnerability data is.
   * @throws {ApplicationFailure} `StepErrored`, retried: the artifact or the data cannot be read.
   * @throws {ApplicationFailure} `StepTimedOut`, retried only where the step asks for it.
   */
  scan: (input: { context: StepContext; step: StepOf<'scan'> }) => Promise<StepResult>;
}

export interface ScanNeeds {
  files: Files;
  scanners: readonly Scanner[];
  artifacts: ArtifactStore;
  logs: Logs;
}

/** Lines of findings in the log; the rest is counted. */
const MAX_LOGGED = 200;
/** Findings and files that a reason names. */
const MAX_NAMED = 3;

type Input = Parameters<ScanActivities['scan']>[0];

export function createScanActivities(needs: ScanNeeds): ScanActivities {
  return {
    scan: async ({ context, step }) => {
      const { attempt } = activityInfo();
      const log = needs.logs.open({ runId: context.run.id, step: step.name, attempt });
      try {
        return await withinStepTime(step.timeoutSeconds ?? STEP_TIMEOUT_SECONDS, (signal) =>
          scanned(needs, { context, step }, log, signal),
        );
      } catch (cause) {
        if (cause instanceof ApplicationFailure || cause instanceof CancelledFailure) throw cause;
        throw errored(wordsOf(cause), cause);
      } finally {
        void log.flush(); // The record keeps the order: the step's end comes after its log.
      }
    },
  };
}

async function scanned(
  needs: ScanNeeds,
  { context, step }: Input,
  log: StepLog,
  signal: AbortSignal,
): Promise<StepResult> {
  const { tools, sarif, failOn = 'high' } = step.spec;
  const scanners = needs.scanners.filter(({ name }) => tools?.includes(name) ?? true);
  const parts: Scanned[] = [];
  if (scanners.length > 0) {
    await inFiles(needs.files, context, subjectOf(step.spec.of, context), async (folder) => {
      for (const scanner of scanners) parts.push(await scanner.scan(folder, signal));
    });
  }
  if (sarif && sarif.length > 0) {
    await inFiles(needs.files, context, { of: 'workspace' }, async (folder) => {
      parts.push(await scannedSarif(folder, sarif));
    });
  }
  signal.throwIfAborted();
  const all = together(parts);
  const digest = await keep(needs.artifacts, toSarif(all.findings));
  report(log, all, digest);
  const result: Omit<StepResult, 'verdict'> = {
    summary: [spoken(all.counts), all.summary, `SARIF ${short(digest)}`].filter(Boolean).join('; '),
    findings: all.counts,
  };
  const reason = reasonOf(all, failOn);
  if (reason === undefined) return { verdict: 'succeeded', ...result };
  log.write('slipway', `${reason}\n`);
  return { verdict: 'failed', reason, ...result };
}

function subjectOf(of: string | undefined, { artifacts }: StepContext): Subject {
  if (of === undefined) return { of: 'commit' };
  const artifact = artifacts.find(({ name }) => name === of);
  if (artifact) return { of: 'artifact', artifact };
  throw errored(`step "${of}" left no artifact to scan; name a build step, or leave "of" out`);
}

async function inFiles(
  files: Files,
  context: StepContext,
  subject: Subject,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const unpacked = await files.unpack(context, subject);
  try {
    await work(unpacked.folder);
  } finally {
    await unpacked.remove();
  }
}

function together(parts: readonly Scanned[]): Scanned {
  return {
    findings: sorted(parts.flatMap(({ findings }) => findings)),
    counts: parts.reduce((sum, { counts }) => add(sum, counts), {}),
    refusals: parts.flatMap(({ refusals }) => refusals),
    notes: parts.flatMap(({ notes }) => notes),
    summary: parts.map(({ summary }) => summary).join('; '),
  };
}

async function keep(artifacts: ArtifactStore, sarif: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-sarif-'));
  try {
    const file = join(folder, 'findings.sarif');
    await writeFile(file, sarif);
    return (await artifacts.putFile(file)).digest;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function report(
  log: StepLog,
  { findings, counts, refusals, notes }: Scanned,
  digest: string,
): void {
  const lines = findings.slice(0, MAX_LOGGED).map(lineOf);
  const rest = total(counts) - lines.length;
  if (rest > 0)
    lines.push(`… and ${rest} more; the SARIF artifact ${digest} holds up to 5,000 a tool`);
  lines.push(...refusals.map(({ path, why }) => `refused  ${path} ${why}`), ...notes);
  for (const text of lines) log.write('slipway', `${text}\n`);
}

/** `high  dependencies  GHSA-35jh-r3h4-6jhm  package-lock.json:12  lodash 4.17.15: …` */
function lineOf(finding: Finding): string {
  const { severity, tool, rule, message } = finding;
  return [severity.padEnd(8), tool, rule, placeOf(finding), message].filter(Boolean).join('  ');
}

function placeOf({ path, line }: Finding): string {
  if (path === undefined) return '';
  return line === undefined ? path : `${path}:${line}`;
}

function reasonOf({ findings, counts, refusals }: Scanned, failOn: Severity): string | undefined {
  const said: string[] = [];
  const grave = reaching(counts, failOn);
  if (grave > 0) {
    const named = findings.filter(({ severity }) => reaches(severity, failOn)).slice(0, MAX_NAMED);
    const list = named.map((f) => [f.rule, placeOf(f)].filter(Boolean).join(' in '));
    if (grave > named.length) list.push(`${grave - named.length} more`);
    const verb = grave === 1 ? 'finding reaches' : 'findings reach';
    said.push(`${grave} ${verb} "${failOn}": ${list.join(', ')}`);
  }
  said.push(...refusals.slice(0, MAX_NAMED).map(({ path, why }) => `"${path}" ${why}`));
  return said.length === 0 ? undefined : toReason(said.join('; '));
}

function errored(message: string, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: StepFailure.errored,
    message,
    ...(cause instanceof Error ? { cause } : {}),
  });
}
