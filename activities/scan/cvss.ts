/** The base score of a CVSS 3 vector, as the specification computes it. */

const WEIGHTS: Record<string, Record<string, number>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
};
const PRIVILEGES: Record<string, Record<string, number>> = {
  U: { N: 0.85, L: 0.62, H: 0.27 },
  C: { N: 0.85, L: 0.68, H: 0.5 },
};

/** 0 to 10; undefined for what is no CVSS 3 vector. @see https://www.first.org/cvss/v3.1 section 7 */
export function baseScore(vector: string): number | undefined {
  if (!/^CVSS:3\.[01]\//.test(vector)) return undefined;
  const given = Object.fromEntries(vector.split('/').map((part) => part.split(':')));
  const of = (metric: string): number => WEIGHTS[metric]?.[given[metric]] ?? Number.NaN;
  const isChanged = given['S'] === 'C';
  const privileges = PRIVILEGES[given['S']]?.[given['PR']] ?? Number.NaN;
  const iss = 1 - (1 - of('C')) * (1 - of('I')) * (1 - of('A'));
  const impact = isChanged ? 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 : 6.42 * iss;
  const exploitability = 8.22 * of('AV') * of('AC') * privileges * of('UI');
  if (Number.isNaN(impact + exploitability)) return undefined;
  if (impact <= 0) return 0;
  return roundUp(Math.min((isChanged ? 1.08 : 1) * (impact + exploitability), 10));
}

/** To one decimal, upwards; whole numbers keep floating point out of it. */
function roundUp(score: number): number {
  const whole = Math.round(score * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}
