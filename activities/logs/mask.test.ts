import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formsOf, MIN_HIDDEN_CHARS } from './mask.forms.js';
import { maskOf } from './mask.js';

const SECRET = 'pä55/wörd+"quoted"&<tag> it\'s';

/** The text in pieces of these lengths, over and over. */
function inPieces(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

function streamed(values: string[], pieces: readonly string[]): string {
  const stream = maskOf(values).stream();
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
}

const longEnough = (text: string) => text.trim().length >= MIN_HIDDEN_CHARS;
/** Without stars: with them, what is shown instead of a secret could look like one. */
const secrets = fc
  .oneof(
    fc.string({ minLength: 4, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 4, maxLength: 40 }),
    fc.string({ minLength: 100, maxLength: 400 }),
    fc.array(fc.string({ minLength: 6, maxLength: 30 }), { minLength: 2 }).map((l) => l.join('\n')),
  )
  .map((text) => text.toWellFormed().replace(/[\p{Cc}*]/gu, (c) => (c === '\n' ? c : 'x')))
  .filter(longEnough);
const noise = fc.string({ maxLength: 60 }).map((text) => text.replace(/[\p{Cc}*]/gu, ' '));
const lengths = fc.array(
  fc.nat({ max: 20 }).map((n) => n + 1),
  { minLength: 1, maxLength: 8 },
);
/** Forms that can be looked for: what is shorter could be anything. */
const formsIn = (secret: string) =>
  formsOf(secret).whole.filter((form) => longEnough(form) && form.trim() === form);

describe('a mask', () => {
  it.each([
    ['plain', SECRET],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 behind one byte', Buffer.from(`:${SECRET}`).toString('base64').slice(2)],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['percent-encoded', encodeURIComponent(SECRET)],
    ['in a form', new URLSearchParams({ SECRET }).toString().slice(7)],
    ['in lower-case percents', encodeURIComponent(SECRET).replace(/%../g, (c) => c.toLowerCase())],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in JSON with escaped slashes', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
    [
      'in JSON as ASCII',
      JSON.stringify(SECRET)
        .slice(1, -1)
        .replace(/[^\x20-\x7e]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    ],
    ['in hexadecimal digits', Buffer.from(SECRET).toString('hex')],
    ['as a shell shows it', SECRET.replaceAll("'", "'\\''")],
  ])('hides a secret %s, wherever the text is split', (_how, form) => {
    const text = `before ${form} after`;
    for (let length = 1; length <= text.length; length++) {
      const shown = streamed([SECRET], inPieces(text, [length]));
      expect(shown).toMatch(/^before \*\*\*(==?)? after$/);
    }
  });

  it('hides each line of a secret of several lines, and what colours are put into', () => {
    const key = '-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\nx\n-----END KEY-----\n';
    const mask = maskOf([key]);
    expect(mask.text('log: MIIEpAIBAAKCAQEA\r\nnext')).toBe('log: ***\r\nnext');
    expect(mask.text(key)).not.toMatch(/BEGIN|MIIE|END/);
    const red = '\x1b[01;31m';
    expect(mask.text(`MIIE${red}pAIB\x1b[mAAKCAQEA!`)).toBe(`***${red}\x1b[m!`);
  });

  it('hides long base64 that a tool has broken into lines', () => {
    const long = 'The quick brown fox jumps over the lazy dog. '.repeat(8);
    const lines = Buffer.from(long)
      .toString('base64')
      .replace(/(.{76})/g, '$1\n');
    const shown = streamed([long], inPieces(`a\n${lines}\nb`, [7]));
    expect(shown).toMatch(/^a\n\*\*\*\n+(==?)?\n?b$/);
  });

  it('shows at once what cannot be the beginning of a secret', () => {
    const stream = maskOf(['hunter2-hunter2']).stream();
    expect(stream.push('Password: ')).toBe('Password: ');
    expect(stream.push('step 1\n')).toBe('step 1\n');
    expect(stream.push('a hunt')).toBe('a ');
    expect(stream.push('ing trip')).toBe('hunting trip');
    expect(stream.push('hunter2')).toBe('');
    expect(stream.end()).toBe('hunter2');
  });

  it('holds a bounded amount, whatever is done to make it hold more', () => {
    const stream = maskOf(['hunter2-hunter2']).stream();
    let shown = stream.push('hunt');
    for (let i = 0; i < 2_000; i++) shown += stream.push('\x1b[31m');
    expect(shown.length).toBeGreaterThan(5_000);
  });

  it('takes time in proportion to the text, also when secret and text are made to be slow', () => {
    const mask = maskOf([`${'a'.repeat(60_000)}b`]);
    const shown = mask.text('a'.repeat(47).concat('c').repeat(20_000));
    expect(shown).toHaveLength(48 * 20_000);
  });

  it('shows no form of any secret, however the text is split', () => {
    fc.assert(
      fc.property(
        fc.array(secrets, { minLength: 1, maxLength: 3 }),
        fc.array(noise, { minLength: 4, maxLength: 4 }),
        fc.nat(),
        lengths,
        (values, between, which, sizes) => {
          const forms = values.flatMap(formsIn);
          const some = between.map(
            (text, i) => text + (forms[(which + 7 * i) % forms.length] ?? ''),
          );
          const shown = streamed(values, inPieces(some.join(''), sizes));
          for (const form of forms) expect(shown).not.toContain(form);
        },
      ),
    );
  });

  it('shows the same for every splitting, and all of a text that holds no secret', () => {
    fc.assert(
      fc.property(secrets, fc.array(noise), lengths, (secret, words, sizes) => {
        const text = words.join(secret);
        const mask = maskOf([secret]);
        expect(streamed([secret], inPieces(text, sizes))).toBe(mask.text(text));
        const free = words.join(' ');
        if (!mask.holds(free)) expect(streamed([secret], inPieces(free, sizes))).toBe(free);
      }),
    );
  });
});
