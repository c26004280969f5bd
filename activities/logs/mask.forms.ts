/** The forms in which the value of a secret may turn up in text. Pure. */

/** A value shorter than this cannot be hidden: its letters would be hidden everywhere. Characters. */
export const MIN_HIDDEN_CHARS = 4;
/** A line of a longer value is a secret of its own from this length on, characters. */
const MIN_LINE_CHARS = 6;
/** `base64` and the like break their lines at 64 or 76 characters: shorter forms are never broken. */
const MIN_WRAPPED_CHARS = 60;

export interface Forms {
  /** As they stand in text. */
  whole: string[];
  /** Those of them that tools break into lines: found with line ends in between, too. */
  wrapped: string[];
}

/**
 * The value, each of its longer lines, and what becomes of both in base64 (all three alignments, both
 * alphabets), percent-encoding, JSON, hexadecimal digits and a shell's quotes.
 */
export function formsOf(value: string): Forms {
  const units = new Set([value, value.trim()]);
  for (const line of value.split(/[\r\n]+/)) {
    if (line.trim().length >= MIN_LINE_CHARS) units.add(line.trim());
  }
  const forms: Forms = { whole: [], wrapped: [] };
  for (const unit of units) {
    const text = unit.toWellFormed();
    const dense = [...base64(text), ...hexadecimal(text)];
    forms.whole.push(text, ...dense, ...percent(text), ...json(text), ...elsewhere(text));
    forms.wrapped.push(...dense.filter(({ length }) => length > MIN_WRAPPED_CHARS));
  }
  return forms;
}

/**
 * What is certain of the encoding, wherever in a longer text the value stands: the characters that the
 * value alone decides. And the whole rest, for a value that the text ends with.
 */
function base64(text: string): string[] {
  const bytes = Buffer.from(text);
  const all = [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const first = Math.ceil((8 * before) / 6);
    const certain = encoded.slice(first, Math.floor((8 * (before + bytes.length)) / 6));
    const toItsEnd = encoded.slice(first);
    return [certain, toItsEnd, toItsEnd.replace(/=+$/, '')];
  });
  return [...all, ...all.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

function hexadecimal(text: string): string[] {
  const digits = Buffer.from(text).toString('hex');
  return [digits, digits.toUpperCase()];
}

function percent(text: string): string[] {
  const component = encodeURIComponent(text);
  const strict = component.replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const form = new URLSearchParams({ v: text }).toString().slice(2);
  const all = [component, strict, form, strict.replaceAll('%20', '+'), encodeURI(text)];
  return [
    ...all,
    ...all.map((each) => each.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
  ];
}

/** As JSON.stringify writes it, and as writers do that escape more: `/`, `<>&`, all but ASCII. */
function json(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const slashed = plain.replaceAll('/', '\\/');
  const all = [plain, slashed];
  for (const form of [plain, slashed]) {
    const wide = escaped(form, /[^\x20-\x7e]/g);
    all.push(wide, escaped(form, /[<>&]/g), escaped(wide, /[<>&'=]/g));
  }
  return [...all, ...all.map((form) => form.replace(/\\u[0-9a-f]{4}/g, upperDigits))];
}

function escaped(text: string, which: RegExp): string {
  return text.replace(which, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function upperDigits(code: string): string {
  return `\\u${code.slice(2).toUpperCase()}`;
}

/** In a shell's single quotes, as `set -x` prints it; and in an old encoding, read as UTF-8. */
function elsewhere(text: string): string[] {
  const quoted = text.replaceAll("'", "'\\''");
  const isLatin = /[\x80-\xff]/.test(text) && !/[^\0-\xff]/.test(text);
  return [quoted, ...(isLatin ? [Buffer.from(text, 'latin1').toString('utf8')] : [])];
}
