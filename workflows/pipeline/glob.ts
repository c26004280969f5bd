/**
 * Patterns for branches and paths: `*` and `?` stay within a segment, `**` as a segment is any number of
 * segments, `{a,b}` is a choice, `!` in front excludes.
 *
 * Our own and not a regular expression, because patterns come from whoever pushes: this one takes at
 * most (pattern × text) comparisons, whatever is written, and counts them.
 */

const MAX_CHOICES = 64;

/** Whether we understand the pattern. Brackets and backslashes are refused, not guessed at. */
export function isGlob(pattern: string): boolean {
  const positive = body(pattern);
  if (positive === '' || /[[\]()\\!]/.test(positive)) return false;
  const choices = choicesOf(positive) ?? [''];
  return choices.every((choice) => /^[^/]+(\/[^/]+)*$/.test(choice));
}

/** Comparisons for all texts together, and for each of them besides: about a second of work at once. */
export const MAX_COMPARISONS = 10_000_000;
const COMPARISONS_A_TEXT = 1_000;

/** What is asked would take too long: the patterns are written to, or the texts are. */
export class TooCostly extends Error {
  override readonly name = 'TooCostly';
  constructor() {
    super('the patterns take too long to compare; write fewer "*" and "{}"');
  }
}

/** Patterns that are read once and asked about many texts, with a limit on the work of all of them. */
export class Patterns {
  private readonly read: { pattern: string; excludes: boolean; choices: Segments[] }[];
  private readonly effort: Effort;

  constructor(patterns: readonly string[], maxComparisons = MAX_COMPARISONS) {
    this.effort = { left: maxComparisons };
    this.read = patterns.map((pattern) => ({
      pattern,
      excludes: pattern.startsWith('!'),
      choices: (choicesOf(body(pattern)) ?? []).map(segmentsOf),
    }));
  }

  /**
   * The pattern that takes `text` in; undefined when none does or one with `!` takes it out again.
   *
   * @throws {TooCostly} when the texts so far took more than the limits.
   */
  matching(text: string): string | undefined {
    this.effort.left += COMPARISONS_A_TEXT;
    const segments = segmentsOf(text);
    const takes = ({ choices }: { choices: Segments[] }) =>
      choices.some((choice) => isMatch(choice, segments, this.effort));
    const taken = this.read.find((one) => !one.excludes && takes(one));
    if (taken === undefined) return undefined;
    return this.read.some((one) => one.excludes && takes(one)) ? undefined : taken.pattern;
  }
}

/** As `Patterns.matching`, for one text. */
export function matching(patterns: readonly string[], text: string): string | undefined {
  return new Patterns(patterns).matching(text);
}

/** The folders in front that hold no pattern: nothing outside of them can match. Empty: all. */
export function fixedFolderOf(pattern: string): string {
  const segments = pattern.split('/');
  const first = segments.findIndex((segment) => /[*?{]/.test(segment));
  return segments.slice(0, first === -1 ? -1 : first).join('/');
}

type Segments = readonly (readonly string[])[];

/** What may still be compared. */
interface Effort {
  left: number;
}

function segmentsOf(text: string): Segments {
  return text.split('/').map((segment) => Array.from(segment));
}

function isMatch(pattern: Segments, text: Segments, effort: Effort): boolean {
  return wildcard({ pattern, items: text, isStar: isAnySegments, isOne: isSegment }, effort);
}

function isAnySegments(segment: readonly string[]): boolean {
  return segment.length === 2 && segment[0] === '*' && segment[1] === '*';
}

function isSegment(pattern: readonly string[], items: readonly string[], effort: Effort): boolean {
  return wildcard({ pattern, items, isStar: (p) => p === '*', isOne: isCharacter }, effort);
}

function isCharacter(pattern: string, character: string): boolean {
  return pattern === '?' || pattern === character;
}

interface Walk<T> {
  pattern: readonly T[];
  items: readonly T[];
  isStar: (part: T) => boolean;
  isOne: (part: T, item: T, effort: Effort) => boolean;
}

/** The classic walk: after a mismatch the last star takes one item more; earlier stars never move. */
function wildcard<T>({ pattern, items, isStar, isOne }: Walk<T>, effort: Effort): boolean {
  let [p, i, starAt, taken] = [0, 0, -1, 0];
  for (let item = items[i]; item !== undefined; item = items[i]) {
    if (effort.left-- <= 0) throw new TooCostly();
    const wanted = pattern[p];
    if (wanted !== undefined && isStar(wanted)) {
      [starAt, taken] = [p, i];
      p += 1;
    } else if (wanted !== undefined && isOne(wanted, item, effort)) {
      p += 1;
      i += 1;
    } else if (starAt >= 0) {
      taken += 1;
      [p, i] = [starAt + 1, taken];
    } else return false;
  }
  while (p < pattern.length && isStar(pattern[p] as T)) p += 1;
  return p === pattern.length;
}

/** `src/{a,b}.ts` → both; undefined when braces do not fit or the choices are too many. */
function choicesOf(pattern: string): string[] | undefined {
  let choices = [''];
  for (const part of pattern.split(/(\{[^{}]*\})/)) {
    const isChoice = part.startsWith('{') && part.endsWith('}');
    if (!isChoice && /[{}]/.test(part)) return undefined;
    const options = isChoice ? part.slice(1, -1).split(',') : [part];
    choices = choices.flatMap((choice) => options.map((option) => choice + option));
    if (choices.length > MAX_CHOICES) return undefined;
  }
  return choices;
}

function body(pattern: string): string {
  return pattern.startsWith('!') ? pattern.slice(1) : pattern;
}
