/** SARIF 2.1.0, as anybody's scanner writes it, read leniently. Hostile files get a "no" with a reason. */
import { z } from 'zod';
import { Finding, type Severity } from '../../workflows/domain/finding.js';
import { oneLine } from '../platform/one-line.js';
import { type Counts, kept } from './counting.js';
import { band } from './severity.js';

/** A larger file is refused, bytes. */
export const MAX_SARIF_BYTES = 10_485_760;

/** Brackets and commas of one file: what reading it costs grows with them, not with its bytes. */
const MAX_PARTS = 1_000_000;

export type ReadSarif = { findings: Finding[]; counts: Counts } | { why: string };

/** Anything of the wrong shape counts as absent. */
const lenient = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const many = <T extends z.ZodType>(schema: T) =>
  z.array(schema.optional().catch(undefined)).optional().catch(undefined);

const Text = z.object({ text: lenient(z.string()), markdown: lenient(z.string()) });
const Level = z.enum(['none', 'note', 'warning', 'error']);
const Rule = z.object({
  id: lenient(z.string()),
  shortDescription: lenient(Text),
  messageStrings: lenient(z.record(z.string(), Text.optional().catch(undefined))),
  defaultConfiguration: lenient(z.object({ level: lenient(Level) })),
  properties: lenient(
    z.object({ 'security-severity': lenient(z.union([z.string(), z.number()])) }),
  ),
});
const Component = z.object({ name: lenient(z.string()), rules: many(Rule) });
const Location = z.object({
  physicalLocation: lenient(
    z.object({
      artifactLocation: lenient(z.object({ uri: lenient(z.string()) })),
      region: lenient(z.object({ startLine: lenient(z.number()) })),
    }),
  ),
});
const Result = z.object({
  ruleId: lenient(z.string()),
  ruleIndex: lenient(z.number()),
  rule: lenient(z.object({ id: lenient(z.string()), index: lenient(z.number()) })),
  kind: lenient(z.string()),
  level: lenient(Level),
  message: lenient(Text.extend({ id: lenient(z.string()) })),
  locations: many(Location),
  suppressions: many(z.object({ status: lenient(z.string()) })),
  baselineState: lenient(z.string()),
});
type Result = z.infer<typeof Result>;
const Run = z.object({
  tool: lenient(z.object({ driver: lenient(Component), extensions: many(Component) })),
  results: many(Result),
});
const Sarif = z.object({ version: z.literal('2.1.0'), runs: z.array(Run) });

const OF_LEVEL: Record<z.infer<typeof Level>, Severity> = {
  error: 'high',
  warning: 'medium',
  note: 'low',
  none: 'none',
};

/** Never throws. Text of a file that is no SARIF is not repeated: it may be a secret. */
export function readSarif(text: string): ReadSarif {
  if (partsOf(text) > MAX_PARTS) return { why: 'has more than 1,000,000 parts; split the scan' };
  const sarif = Sarif.safeParse(parse(text));
  if (!sarif.success) {
    return { why: 'is not SARIF 2.1.0; let the scanner write JSON with "version": "2.1.0"' };
  }
  return kept(sarif.data.runs.flatMap(findingsOf));
}

function findingsOf({ tool, results }: z.infer<typeof Run>): Finding[] {
  const name = oneLine(tool?.driver?.name ?? '', 100) || 'sarif';
  const listed = tool?.driver?.rules ?? [];
  const components = [tool?.driver, ...(tool?.extensions ?? [])];
  const byId = new Map(
    components.flatMap((c) => (c?.rules ?? []).flatMap((r) => (r?.id ? [[r.id, r] as const] : []))),
  );
  return (results ?? []).flatMap((result) => {
    if (!result || !isOpen(result)) return [];
    const id = result.ruleId ?? result.rule?.id;
    const index = result.ruleIndex ?? result.rule?.index ?? -1;
    const rule = listed[index] ?? byId.get(id ?? '');
    const where = result.locations?.find((l) => l?.physicalLocation)?.physicalLocation;
    const uri = where?.artifactLocation?.uri;
    const startLine = where?.region?.startLine;
    return [
      Finding.parse({
        tool: name,
        rule: oneLine(id ?? rule?.id ?? '', 200) || 'unnamed',
        severity: severityOf(result, rule),
        message: oneLine(messageOf(result, rule), 1_000) || 'no message',
        ...(uri ? { path: oneLine(decoded(uri), 1_000) } : {}),
        ...(startLine && Number.isSafeInteger(startLine) && startLine > 0
          ? { line: startLine }
          : {}),
      }),
    ];
  });
}

/** Not what passed, what a person already waved through, or what is gone. */
function isOpen({ kind, suppressions, baselineState }: Result): boolean {
  if (kind !== undefined && !['fail', 'open', 'review'].includes(kind)) return false;
  if (baselineState === 'absent') return false;
  return !(suppressions ?? []).some((s) => s && (s.status ?? 'accepted') === 'accepted');
}

function severityOf(result: Result, rule: z.infer<typeof Rule> | undefined): Severity {
  const given = rule?.properties?.['security-severity'];
  const score = given === undefined || given === '' ? Number.NaN : Number(given);
  if (Number.isFinite(score)) return band(score);
  return OF_LEVEL[result.level ?? rule?.defaultConfiguration?.level ?? 'warning'];
}

function messageOf({ message }: Result, rule: z.infer<typeof Rule> | undefined): string {
  const named = message?.id === undefined ? undefined : rule?.messageStrings?.[message.id];
  return message?.text ?? message?.markdown ?? named?.text ?? rule?.shortDescription?.text ?? '';
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

function partsOf(text: string): number {
  let parts = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x5b || code === 0x7b) parts++; // , [ {
  }
  return parts;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
