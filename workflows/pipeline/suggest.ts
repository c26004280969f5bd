/** Did you mean …? The nearest known word, or nothing when none is near. */
import { distance } from 'fastest-levenshtein';
import { quote } from './finding.js';

/** Words of other systems that people bring along, and ours. */
const SYNONYMS: Record<string, string> = {
  jobs: 'steps',
  stages: 'steps',
  triggers: 'on',
  script: 'run',
  commands: 'run',
  dependson: 'needs',
  depends: 'needs',
  if: 'when',
  condition: 'when',
  environment: 'env',
  variables: 'env',
  allowfailure: 'continueOnError',
  approval: 'approve',
};

/** Names compared with one wrong name; more would make linting slow, and the help no better. */
const MAX_COMPARED = 2_000;
const MAX_COMPARED_CHARS = 60;

/** The known word that was probably meant. Case, "-" and "_" make no difference. */
export function nearest(wrong: string, known: Iterable<string>): string | undefined {
  if (wrong.length > MAX_COMPARED_CHARS) return undefined;
  const word = bare(wrong);
  const most = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = most + 1;
  let compared = 0;
  for (const candidate of known) {
    if (++compared > MAX_COMPARED) break;
    if (SYNONYMS[word] === candidate) return candidate;
    const other = bare(candidate);
    if (Math.abs(other.length - word.length) >= bestDistance) continue;
    const away = wayBetween(word, other);
    if (away < bestDistance) [best, bestDistance] = [candidate, away];
  }
  return best;
}

/** `did you mean "build"?`, or `otherwise`. */
export function didYouMean(wrong: string, known: Iterable<string>, otherwise: string): string {
  const meant = nearest(wrong, known);
  return meant === undefined ? otherwise : `did you mean ${quote(meant)}?`;
}

/** Two neighbours in each other's place are one mistake, not two. */
function wayBetween(word: string, other: string): number {
  const away = distance(word, other);
  if (away !== 2 || word.length !== other.length) return away;
  return letters(word) === letters(other) ? 1 : away;
}

function letters(word: string): string {
  return Array.from(word).sort().join('');
}

function bare(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, '');
}
