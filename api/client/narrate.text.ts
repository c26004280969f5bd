/** Text as a terminal may show it: nothing in it steers the terminal, and it fits where it goes. */

/** Sequences that programs write to colour text, move the cursor, set titles or make links. */
const SEQUENCE = new RegExp(
  [
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]`,
    String.raw`(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?`,
    String.raw`\u001b[PX^_][^\u001b]*(?:\u001b\\)?`,
    String.raw`\u001b[ -/]*[0-~]`,
  ].join('|'),
  'g',
);
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Joins emoji; harmless, and needed by names of people. */
const KEPT = new Set(['\u200d', '\u200c']);
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const NARROW = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** One line without anything that steers a terminal. Tabs and line ends become a space. */
export function clean(text: string): string {
  return text
    .replace(SEQUENCE, '')
    .replace(/[\t\n\r\v\f]+/g, ' ')
    .replace(CONTROL, (c) => (KEPT.has(c) ? c : ''));
}

/** Clean lines, without empty ones at the end. Of a line that was overwritten, what stood there last. */
export function cleanLines(text: string): string[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => clean(line.replace(/\r+$/, '').replace(/^.*\r/, '')));
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop();
  return lines;
}

const ESC = '\u001b';
const COLOUR = new RegExp(`(${ESC}\\[[0-9;:]{0,40}m)`);
const STEERS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * The last edge before a terminal, for lines whose parts should be clean already: colours, tabs and line
 * ends stay, everything else that steers goes. Of a line that was overwritten, what stood there last.
 */
export function forTerminal(text: string): string {
  if (!STEERS.test(text)) return text;
  const shown = text.replace(/\r+(?=\n|$)/g, '').replace(/[^\n]*\r/g, '');
  // Every second part is a colour.
  const parts = shown.split(COLOUR).map((part, index) => (index % 2 === 1 ? part : plain(part)));
  return parts.join('');
}

function plain(text: string): string {
  return text
    .replace(SEQUENCE, '')
    .replace(CONTROL, (c) => (c === '\n' || c === '\t' || KEPT.has(c) ? c : ''));
}

/** JSON that means the same, and steers no terminal: what could is escaped. */
export function jsonForTerminal(json: string): string {
  return json.replace(CONTROL, (c) => (c === '\n' || KEPT.has(c) ? c : escaped(c)));
}

function escaped(char: string): string {
  const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** Columns that the text takes in a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += widthOfChar(char);
  return width;
}

/** The text, or as much of it as fits with a `…` behind it. */
export function fit(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (text.length * 2 <= columns || widthOf(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const char of text) {
    width += widthOfChar(char);
    if (width > columns - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** `0.3 s`, `2 min 05 s`, `3 h 07 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Milliseconds between two ISO times, the second by default `nowMs`; undefined before the first. */
export function elapsed(
  { startedAt, finishedAt }: { startedAt: string | null; finishedAt: string | null },
  nowMs?: number,
): number | undefined {
  const end = finishedAt === null ? nowMs : Date.parse(finishedAt);
  if (startedAt === null || end === undefined) return undefined;
  return Math.max(0, end - Date.parse(startedAt));
}

function widthOfChar(char: string): number {
  if (char >= ' ' && char <= '~') return 1;
  if (NARROW.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
