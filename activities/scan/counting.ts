/** Findings by the gravest first, and how many of each there are. */
import { type Finding, reaches, type Severity } from '../../workflows/domain/finding.js';
import { MAX_FINDINGS, type Scanned } from './scan.ports.js';

export const GRAVEST_FIRST: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'none'];

export type Counts = Scanned['counts'];

/** Sorted by severity, then path, line and rule: the same findings always read the same. */
export function sorted(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      GRAVEST_FIRST.indexOf(a.severity) - GRAVEST_FIRST.indexOf(b.severity) ||
      compare(a.path ?? '', b.path ?? '') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      compare(a.rule, b.rule) ||
      compare(a.message, b.message) ||
      compare(a.tool, b.tool),
  );
}

/** Keeps the gravest within the limit, and counts all. */
export function kept(findings: readonly Finding[]): Pick<Scanned, 'findings' | 'counts'> {
  const counts: Counts = {};
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
  return { findings: sorted(findings).slice(0, MAX_FINDINGS), counts };
}

export function add(all: Counts, more: Counts): Counts {
  const sum: Counts = {};
  for (const severity of GRAVEST_FIRST) {
    const count = (all[severity] ?? 0) + (more[severity] ?? 0);
    if (count > 0) sum[severity] = count;
  }
  return sum;
}

export function total(counts: Counts): number {
  return GRAVEST_FIRST.reduce((sum, severity) => sum + (counts[severity] ?? 0), 0);
}

/** How many are as grave as `threshold`, or graver. */
export function reaching(counts: Counts, threshold: Severity): number {
  return GRAVEST_FIRST.filter((severity) => reaches(severity, threshold)).reduce(
    (sum, severity) => sum + (counts[severity] ?? 0),
    0,
  );
}

/** `3 findings: 1 critical, 2 low`. */
export function spoken(counts: Counts): string {
  const all = total(counts);
  if (all === 0) return 'no findings';
  const parts = GRAVEST_FIRST.flatMap((s) => (counts[s] ? [`${counts[s]} ${s}`] : []));
  return `${counted(all, 'finding')}: ${parts.join(', ')}`;
}

/** `1 lock file`, `2 lock files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
