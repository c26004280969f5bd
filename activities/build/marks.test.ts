import { describe, expect, it } from '@jest/globals';
import { MarkedOutput } from './marks.js';

const NONCE = '0123456789abcdef';
const mark = (index: number) => Buffer.from(`\x1e${NONCE} ${index}\x1e`);
const bytes = (...parts: (string | Buffer)[]) => Buffer.concat(parts.map((p) => Buffer.from(p)));

function reader() {
  const story: string[] = [];
  const sink = {
    text: (stream: string, text: Buffer) => story.push(`${stream}: ${text.toString()}`),
    reached: (index: number) => story.push(`command ${index}`),
  };
  const output = new MarkedOutput(NONCE, sink, 3);
  return { output, story };
}

describe('marked output', () => {
  it('puts the output of each command behind its mark, whichever stream is read first', () => {
    const { output, story } = reader();
    output.push('stdout', bytes(mark(0), 'one', mark(1), 'two', mark(2)));
    expect(story).toEqual([]);
    output.push('stderr', bytes(mark(0), 'oops', mark(1)));
    output.push('stderr', bytes('late', mark(2)));
    expect(story).toEqual([
      'command 0',
      'stdout: one',
      'stderr: oops',
      'command 1',
      'stdout: two',
      'stderr: late',
      'command 2',
    ]);
  });

  it('finds marks that arrive a byte at a time', () => {
    const { output, story } = reader();
    for (const byte of bytes(mark(0), 'a')) output.push('stderr', Buffer.of(byte));
    for (const byte of bytes('x', mark(0), 'b')) output.push('stdout', Buffer.of(byte));
    output.end();
    expect(story).toEqual(['stdout: x', 'command 0', 'stderr: a', 'stdout: b']);
  });

  it('passes on what only looks like a mark', () => {
    const { output, story } = reader();
    const fakes = bytes('\x1e', `\x1e${NONCE} x\x1e`, `\x1e${NONCE} 1`, 'y'.repeat(40), '\x1eend');
    output.push('stdout', fakes);
    output.end();
    expect(story.map((each) => each.slice('stdout: '.length)).join('')).toBe(fakes.toString());
  });

  it('takes no mark behind the last one, and none twice, when a command forges them', () => {
    const { output, story } = reader();
    for (const stream of ['stdout', 'stderr'] as const) {
      output.push(stream, bytes(mark(0), mark(999_999), mark(2), mark(1), mark(2), mark(3)));
    }
    output.end();
    const told = story.filter((each) => each.startsWith('command'));
    expect(told).toEqual(['command 0', 'command 1', 'command 2', 'command 3']);
  });

  it('does not wait for ever when one stream has lost its marks', () => {
    const { output, story } = reader();
    output.push('stdout', bytes(mark(0), 'z'.repeat(70_000)));
    expect(story).toHaveLength(2);
    output.push('stdout', bytes(mark(1), 'last'));
    output.end();
    expect(story.slice(2)).toEqual(['command 1', 'stdout: last']);
  });
});
