/** What the model of this scenario says, whatever it is asked: every letter of an answer is known. */

/** Below what an answer of `POST /ask` may have, tokens: a page is one. */
const PAGES = 1_000;

/** As `scripts/toy-model.mjs` writes it. */
export const WHOLE = Array.from({ length: PAGES }, (_, index) =>
  `${index + 1}.`.padStart(5, '0'),
).join('');

/** Where a text first differs from the pages, in words; undefined when it is a beginning of them. */
export function wrongIn(text: string): string | undefined {
  if (WHOLE.startsWith(text)) return undefined;
  const at = Array.from(text).findIndex((letter, index) => letter !== WHOLE[index]);
  const [from, until] = [Math.max(0, at - 10), at + 15];
  return `letter ${at} of ${text.length}: "${text.slice(from, until)}", not "${WHOLE.slice(from, until)}"`;
}
