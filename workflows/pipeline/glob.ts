/**
 * Patterns for branches and paths: `*` and `?` stay within a segment, `**` as a segment is any number of
 * segments, `{a,b}` is a choice, `!` in front excludes.
 *
 * Our own and not a regular expression, because patterns come from whoever pushes: this one takes at
 * most (pattern × text) comparisons, whatever is written.
 */

const MAX_CHOICES = 64;

/** Whether we understand the pattern. Brackets and backslashes are refused, not guessed at. */
export function isGlob(pattern: string): boolean {
  const positive = body(pattern);
  if (positive === '' || /[[\]()\\!]/.test(positive)) return false;
  const choices = choicesOf(positive) ?? [''];
  return choices.every((choice) => /^[^/]+(\/[^/]+)*$/.test(choice));
}

/** The pattern that takes `text` in; undefined when none does or one with `!` takes it out again. */
export function matching(patterns: readonly string[], text: string): string | undefined {
  const taken = patterns.find((pattern) => !pattern.startsWith('!') && isMatch(pattern, text));
  const excluded = patterns.some((p) => p.startsWith('!') && isMatch(body(p), text));
  return excluded ? undefined : taken;
}

function isMatch(pattern: string, text: string): boolean {
  const segments = text.split('/');
  return (choicesOf(pattern) ?? []).some((choice) =>
    wildcard(choice.split('/'), segments, '**', isSegmentMatch),
  );
}

function isSegmentMatch(pattern: string, text: string): boolean {
  return wildcard(Array.from(pattern), Array.from(text), '*', (p, t) => p === '?' || p === t);
}

/** The classic walk: after a mismatch the last star takes one item more; earlier stars never move. */
function wildcard(
  pattern: readonly string[],
  items: readonly string[],
  star: string,
  isOne: (pattern: string, item: string) => boolean,
): boolean {
  let [p, i, starAt, taken] = [0, 0, -1, 0];
  while (i < items.length) {
    const wanted = pattern[p];
    if (wanted === star) {
      [starAt, taken] = [p, i];
      p += 1;
    } else if (wanted !== undefined && isOne(wanted, items[i] ?? '')) {
      p += 1;
      i += 1;
    } else if (starAt >= 0) {
      taken += 1;
      [p, i] = [starAt + 1, taken];
    } else return false;
  }
  while (pattern[p] === star) p += 1;
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
