/** Vulnerability data in OSV's schema, for npm: what it says, and whether a version is affected. */
import { compare, valid } from 'semver';
import { z } from 'zod';
import type { Severity } from '../../workflows/domain/finding.js';
import { baseScore } from './cvss.js';
import { band } from './severity.js';

const Event = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
});
const Affected = z.object({
  package: z.object({ ecosystem: z.string(), name: z.string() }).optional(),
  ranges: z.array(z.object({ type: z.string(), events: z.array(Event) })).optional(),
  versions: z.array(z.string()).optional(),
});
/** @see https://ossf.github.io/osv-schema/ */
export const Advisory = z.object({
  id: z.string().max(200),
  modified: z.string(),
  withdrawn: z.string().optional(),
  summary: z.string().optional(),
  severity: z.array(z.object({ type: z.string(), score: z.string() })).optional(),
  affected: z.array(Affected).default([]),
  database_specific: z.object({ severity: z.string().optional().catch(undefined) }).optional(),
});
export type Advisory = z.infer<typeof Advisory>;

const NAMED: Record<string, Severity> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MODERATE: 'medium',
  MEDIUM: 'medium',
  LOW: 'low',
};

/** Malware is critical; an advisory that says nothing about itself counts as medium. */
export function severityOf(advisory: Advisory): Severity {
  if (advisory.id.startsWith('MAL-')) return 'critical';
  const named = NAMED[advisory.database_specific?.severity?.toUpperCase() ?? ''];
  if (named) return named;
  const scores = (advisory.severity ?? []).flatMap(({ score }) => baseScore(score) ?? []);
  return scores.length > 0 ? band(Math.max(...scores)) : 'medium';
}

/** Names of the npm packages that an advisory speaks of; none when it was withdrawn. */
export function packagesOf(advisory: Advisory): string[] {
  if (advisory.withdrawn) return [];
  const names = advisory.affected.flatMap(({ package: p }) =>
    p?.ecosystem === 'npm' ? p.name : [],
  );
  return [...new Set(names)];
}

/**
 * Whether `name` at `version` is affected, and the lowest version above it that is not.
 * A version that semver cannot read is affected only where it is listed by name.
 */
export function affects(
  advisory: Advisory,
  name: string,
  version: string,
): { fixed: string | undefined } | undefined {
  for (const part of advisory.affected) {
    if (part.package?.ecosystem !== 'npm' || part.package.name !== name) continue;
    const range = (part.ranges ?? []).find((r) => r.type !== 'GIT' && isIn(r.events, version));
    if (range) return { fixed: fixAbove(range.events, version) };
    if (part.versions?.includes(version)) return { fixed: undefined };
  }
  return undefined;
}

type Events = z.infer<typeof Event>[];

/** OSV's evaluation: the last event at or below the version decides. */
function isIn(events: Events, version: string): boolean {
  if (!valid(version)) return false;
  let affected = false;
  for (const { at, event } of inOrder(events)) {
    if (event.introduced !== undefined && isAtOrAbove(version, at)) affected = true;
    if (event.fixed !== undefined && isAtOrAbove(version, at)) affected = false;
    if (event.last_affected !== undefined && compare(version, at) > 0) affected = false;
  }
  return affected;
}

function fixAbove(events: Events, version: string): string | undefined {
  const fixes = inOrder(events).filter(({ event }) => event.fixed !== undefined);
  return fixes.find(({ at }) => compare(at, version) > 0)?.at;
}

function inOrder(events: Events): { at: string; event: Events[number] }[] {
  return events
    .map((event) => ({ at: event.introduced ?? event.fixed ?? event.last_affected ?? '', event }))
    .map(({ at, event }) => ({ at: at === '0' ? '0.0.0-0' : at, event }))
    .filter(({ at }) => valid(at) !== null)
    .sort((a, b) => compare(a.at, b.at));
}

function isAtOrAbove(version: string, at: string): boolean {
  return compare(version, at) >= 0;
}
