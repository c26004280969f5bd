import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clean, cleanLines, forTerminal, jsonForTerminal } from './narrate.text.js';

const ESC = '\u001b';
/** What terminals act on, and some of what stands around it. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          ESC,
          `${ESC}[`,
          `${ESC}]`,
          `${ESC}P`,
          `${ESC}\\`,
          '\u0007',
          '\u009b',
          '\u009d',
          '\u009c',
        ],
        ...[
          '\u202e',
          '\u2066',
          '\u200b',
          '\u2028',
          '\ud800',
          '\u007f',
          '\0',
          '\r',
          '\n',
          '\t',
          '\b',
        ],
        ...[
          '31m',
          '2J',
          '0;title',
          '8;;http://x',
          '6n',
          'c',
          '?1049h',
          ';',
          '1',
          'text',
          '🚀',
          'é',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
  )
  .map((parts) => parts.join(''));
const STEERS = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;
const JOINERS = /[\u200c\u200d]/g;

describe('text for a terminal', () => {
  it('holds nothing that steers it but colours, tabs and line ends, whatever comes in', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const left = forTerminal(text)
          .replace(new RegExp(`${ESC}\\[[0-9;:]*m`, 'g'), '')
          .replace(/[\t\n]/g, '')
          .replace(JOINERS, '');
        expect(left).not.toMatch(STEERS);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['colours', `${ESC}[1;31mred${ESC}[0m`, `${ESC}[1;31mred${ESC}[0m`],
    ['a title', `${ESC}]0;owned\u0007title`, 'title'],
    ['a link', `${ESC}]8;;http://evil${ESC}\\here${ESC}]8;;${ESC}\\`, 'here'],
    ['a cleared screen', `a${ESC}[2J${ESC}[Hb`, 'ab'],
    ['a question to the terminal', `a${ESC}[6nb${ESC}P+q${ESC}\\`, 'ab'],
    ['an eight-bit sequence', 'a\u009b2Jb', 'ab'],
    ['turned text', 'a\u202egpj.exe', 'agpj.exe'],
    ['an overwritten line', 'rejected\rapproved', 'approved'],
    ['a line end of another system', 'a\r\nb', 'a\nb'],
    ['a colour inside a title', `${ESC}]0;x${ESC}[31my\u0007z`, `${ESC}[31myz`],
    ['what a family and a name need', '👩\u200d👧 a\tb', '👩\u200d👧 a\tb'],
  ])('takes %s as it should be', (_what, text, shown) => {
    expect(forTerminal(text)).toBe(shown);
  });

  it('is cleaner still where it is somebody else’s: not even colours stay', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const line of [clean(text), ...cleanLines(text)]) {
          expect(line.replace(JOINERS, '')).not.toMatch(STEERS);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('JSON for a terminal', () => {
  it('means exactly what it meant, and steers nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, hostile), (value) => {
        const json = jsonForTerminal(JSON.stringify(value, null, 2));
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(json.replaceAll('\n', '').replace(JOINERS, '')).not.toMatch(STEERS);
      }),
      { numRuns: 2_000 },
    );
  });
});
