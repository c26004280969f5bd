/** Text from outside, made fit for one line of a log or a reason. */

/** One line of at most `limit` characters, without control characters and without half characters. */
export function oneLine(text: string, limit: number): string {
  const clean = text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 1).toWellFormed()}…`;
}
