/** Numbers to severities and back: the bands of SARIF's `security-severity`. */
import type { Severity } from '../../workflows/domain/finding.js';

/** 9 and above is critical, 7 high, 4 medium, above 0 low. */
export function band(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'none';
}

/** A number in the middle of each band, as text, the way SARIF wants it. */
export const SCORE: Record<Severity, string> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
  none: '0.0',
};
