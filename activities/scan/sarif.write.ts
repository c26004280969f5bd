/** Findings as a SARIF 2.1.0 file. The same findings give the same bytes. */
import type { Finding, Severity } from '../../workflows/domain/finding.js';
import { SCORE } from './severity.js';

const LEVEL: Record<Severity, string> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  none: 'none',
};

/** One run per tool. A rule is listed once per severity that it was found with. */
export function toSarif(findings: readonly Finding[]): string {
  const tools = [...new Set(findings.map(({ tool }) => tool))];
  const runs = tools.map((tool) =>
    runOf(
      tool,
      findings.filter((f) => f.tool === tool),
    ),
  );
  const sarif = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: runs.length > 0 ? runs : [runOf('slipway', [])],
  };
  return `${JSON.stringify(sarif, null, 1)}\n`;
}

function runOf(name: string, findings: readonly Finding[]): object {
  const places = new Map<string, number>();
  const rules: object[] = [];
  const ruleIndexOf = ({ rule, severity }: Finding): number => {
    const key = `${severity} ${rule}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    rules.push({ id: rule, properties: { 'security-severity': SCORE[severity] } });
    places.set(key, rules.length - 1);
    return rules.length - 1;
  };
  const results = findings.map((finding) => ({
    ruleId: finding.rule,
    ruleIndex: ruleIndexOf(finding),
    level: LEVEL[finding.severity],
    message: { text: finding.message },
    ...(finding.path === undefined ? {} : { locations: [locationOf(finding.path, finding.line)] }),
  }));
  return { tool: { driver: { name, rules } }, results };
}

function locationOf(path: string, line: number | undefined): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: path.split('/').map(encodeURIComponent).join('/') },
      ...(line === undefined ? {} : { region: { startLine: line } }),
    },
  };
}
