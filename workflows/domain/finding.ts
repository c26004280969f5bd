/** A Finding is one thing a scanner reports; severities follow SARIF's security-severity bands. */
import { z } from 'zod';

export const Severity = z.enum(['none', 'low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof Severity>;

const RANK: Record<Severity, number> = { none: 0, low: 1, medium: 2, high: 3, critical: 4 };

/** True when `severity` is as grave as `threshold`, or graver. */
export function reaches(severity: Severity, threshold: Severity): boolean {
  return RANK[severity] >= RANK[threshold];
}

export const Finding = z.object({
  tool: z.string().max(100),
  rule: z.string().max(200),
  severity: Severity,
  message: z.string().max(1_000),
  path: z.string().max(1_000).optional(),
  line: z.int().positive().optional(),
});
export type Finding = z.infer<typeof Finding>;
