import { describe, expect, it } from '@jest/globals';
import { StreamText } from './text.js';

function read(...pieces: (string | Uint8Array)[]): string {
  const text = new StreamText();
  return pieces.map((piece) => text.push(piece)).join('') + text.end();
}

/** The same bytes, one at a time. */
function drop(bytes: Uint8Array): string {
  return read(...[...bytes].map((byte) => Uint8Array.of(byte)));
}

describe('text of a stream', () => {
  it('keeps characters whole that are split over pieces', () => {
    expect(drop(Buffer.from('naïve 🚀 tests ✓'))).toBe('naïve 🚀 tests ✓');
  });

  it('replaces what is not UTF-8, also at the very end', () => {
    expect(read(Uint8Array.of(0x61, 0xff, 0x62, 0xe2, 0x82))).toBe('a\ufffdb\ufffd');
    expect(read('a\ud800b')).toBe('a\ufffdb');
  });

  it('drops NUL and other controls, and keeps tab, newline and carriage return', () => {
    expect(read('a\0b\x07c\x7fd\x9be\tf\r\ng')).toBe('abcde\tf\r\ng');
  });

  it.each([
    ['colours stay', '\x1b[1;31mred\x1b[0m', '\x1b[1;31mred\x1b[0m'],
    ['24-bit colours stay', '\x1b[38;2;1;2;3mx', '\x1b[38;2;1;2;3mx'],
    ['cursor movement goes', 'a\x1b[2Kb\x1b[1;1Hc\x1b[?25ld', 'abcd'],
    ['window titles go', 'a\x1b]0;evil\x07b\x1b]8;;http://x\x1b\\c', 'abc'],
    ['device strings go', 'a\x1bPq#0\x1b\\b', 'ab'],
    ['short sequences go', 'a\x1bcb\x1b(Bc\x1b7d', 'abcd'],
    ['a lone escape goes', 'a\x1b\nb\x1b', 'a\nb'],
  ])('%s, whole and split anywhere', (_what, given, expected) => {
    expect(read(given)).toBe(expected);
    expect(drop(Buffer.from(given))).toBe(expected);
  });

  it('does not hold back text for a sequence that never ends', () => {
    const text = new StreamText();
    text.push('\x1b]0;');
    let said = '';
    for (let i = 0; i < 200; i++) said += text.push('x'.repeat(100));
    expect(said.length).toBeGreaterThan(15_000);
  });
});
