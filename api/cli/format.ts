/** Tables and times for people. */
import { short } from '../../workflows/domain/names.js';
import { clean, duration, elapsed, widthOf } from '../client/narrate.text.js';
import type { RunSummary } from '../client/wire.js';

/** Columns as wide as they must be; the last one is not padded. Empty: what to say instead. */
export function table(head: string[], rows: string[][], empty: string): string[] {
  if (rows.length === 0) return [empty];
  const cells = [head, ...rows.map((row) => row.map((cell) => clean(cell)))];
  const widths = head.map((_, column) =>
    Math.max(...cells.map((row) => widthOf(row[column] ?? ''))),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** `3 min ago`, `71 h ago`, `5 d ago`. */
export function ago(at: string | null, nowMs = Date.now()): string {
  if (at === null) return '–';
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(at)) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 4 * 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `in 71 h`, `3 min ago` when it is over. */
export function until(at: string, nowMs = Date.now()): string {
  const ms = Date.parse(at) - nowMs;
  return ms <= 0
    ? ago(at, nowMs)
    : `in ${ago(new Date(nowMs - ms).toISOString(), nowMs).replace(' ago', '')}`;
}

export function runRows(runs: readonly RunSummary[]): string[] {
  const head = ['RUN', 'STATUS', 'COMMIT', 'BRANCH', 'BY', 'WHEN', 'TOOK', 'REASON'];
  const rows = runs.map((run) => [
    run.id,
    run.status,
    short(run.commit),
    run.branch ?? '–',
    run.trigger.kind === 'push' ? run.trigger.by : `${run.trigger.by} (${run.trigger.kind})`,
    ago(run.createdAt),
    took(run),
    (run.reason ?? '').split('\n')[0] ?? '',
  ]);
  return table(head, rows, 'no runs');
}

export function took(span: { startedAt: string | null; finishedAt: string | null }): string {
  const ms = elapsed(span, Date.now());
  return ms === undefined ? '–' : duration(ms);
}
