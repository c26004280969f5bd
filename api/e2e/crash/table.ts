/** The figures of a campaign: per scenario and victim, what was killed and how soon work went on. */
import type { Played } from './campaign.js';
import { GOALS_MS } from './recovery.js';

export interface Row {
  scenario: string;
  victim: string;
  kills: number;
  recovered: number;
  violations: number;
  /** Milliseconds; null when nothing was to be measured. */
  medianMs: number | null;
  worstMs: number | null;
}

interface Sample {
  victim: string;
  kills: number;
  recovered: boolean;
  ms: number[];
}

export function rowsOf(played: readonly Played[]): Row[] {
  const names = [...new Set(played.map(({ scenario }) => scenario))];
  return names.flatMap((scenario) =>
    rowsNamed(
      scenario,
      played.filter((play) => play.scenario === scenario),
    ),
  );
}

/** The same over all scenarios. */
export function totalsOf(played: readonly Played[]): Row[] {
  return rowsNamed('all', played);
}

function rowsNamed(scenario: string, plays: readonly Played[]): Row[] {
  const samples = plays.flatMap(samplesOf);
  const victims = [...new Set(samples.map(({ victim }) => victim))].sort();
  return victims.map((victim) => {
    const of = plays.filter((play) => samplesOf(play).some((sample) => sample.victim === victim));
    const violations = of.reduce((sum, play) => sum + play.violations.length, 0);
    return { scenario, victim, violations, ...figures(samples, victim) };
  });
}

export function killsOf(played: readonly Played[]): number {
  return played.reduce((sum, { hits }) => sum + hits.reduce((n, h) => n + h.killed.length, 0), 0);
}

export function tableOf(rows: readonly Row[]): string {
  const head = [
    'scenario',
    'victim',
    'kills',
    'recovered',
    'violations',
    'median',
    'worst',
    'goal',
  ];
  const lines = rows.map((row) => [
    row.scenario,
    row.victim,
    String(row.kills),
    String(row.recovered),
    String(row.violations),
    seconds(row.medianMs),
    seconds(row.worstMs),
    row.victim in GOALS_MS ? seconds(GOALS_MS[row.victim as keyof typeof GOALS_MS]) : '',
  ]);
  const widths = head.map((_, at) =>
    Math.max(...[head, ...lines].map((line) => line[at]?.length ?? 0)),
  );
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function samplesOf({ hits }: Played): Sample[] {
  return hits.map(({ killed, recoveries, trouble }) => ({
    victim: killed
      .map(({ victim }) => victim)
      .sort()
      .join(' + '),
    kills: killed.length,
    recovered: trouble === undefined,
    ms: recoveries.flatMap((recovery) => (recovery === undefined ? [] : [recovery.ms])),
  }));
}

function figures(samples: readonly Sample[], victim: string) {
  const of = samples.filter((sample) => sample.victim === victim);
  const times = of.flatMap(({ ms }) => ms).sort((a, b) => a - b);
  return {
    kills: of.reduce((sum, { kills }) => sum + kills, 0),
    recovered: of.filter(({ recovered }) => recovered).reduce((sum, { kills }) => sum + kills, 0),
    medianMs: times[Math.floor((times.length - 1) / 2)] ?? null,
    worstMs: times.at(-1) ?? null,
  };
}

function seconds(ms: number | null): string {
  return ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`;
}
