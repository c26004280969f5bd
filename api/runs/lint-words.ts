/** The findings of a pipeline that cannot run, as its run keeps them. Pure. */
import { MAX_REASON_CHARS } from '../../workflows/domain/limits.js';
import { formatFinding, type LintFinding } from '../../workflows/pipeline/finding.js';

/** What the log of a lint step takes, characters. */
const MAX_LOG_CHARS = 262_144;

export interface LintWords {
  lintReason: string;
  /** Only where the reason cannot hold all findings. */
  lintLog?: string;
}

/** As many findings as fit in the reason; all of them in the log, where they do not. */
export function lintWords(runId: string, findings: readonly LintFinding[]): LintWords {
  const lines = findings.map(formatFinding);
  const all = lines.join('\n');
  if (all.length <= MAX_REASON_CHARS) return { lintReason: all };
  const lintReason = fitting(lines, MAX_REASON_CHARS, (left) => {
    return `… and ${left} more: slipway logs ${runId} lint`;
  });
  const lintLog = fitting(lines, MAX_LOG_CHARS, (left) => `… and ${left} more: slipway lint`);
  return { lintReason, lintLog: `${lintLog}\n` };
}

/** Whole lines, then how many are left, in at most `limit` characters. */
function fitting(lines: string[], limit: number, more: (left: number) => string): string {
  if (lines.join('\n').length <= limit) return lines.join('\n');
  const room = limit - more(lines.length).length - 1;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > room) break;
    kept.push(line);
    length += line.length + 1;
  }
  return [...kept, more(lines.length - kept.length)].join('\n');
}
