import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonEnd } from './json.end.js';
import { Stops } from './stops.js';

/** A text in pieces of any length. */
function cut(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  let rest = text;
  for (const length of lengths) {
    pieces.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return [...pieces, rest];
}

const lengths = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 });

describe('texts that end an answer', () => {
  it('end it at the first of them, wherever the borders of tokens are', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 });
    const stop = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
    const stops = fc.array(stop, { maxLength: 3 });
    fc.assert(
      fc.property(few, stops, lengths, (text, texts, sizes) => {
        const places = texts.map((each) => text.indexOf(each)).filter((at) => at >= 0);
        const finder = new Stops(texts);
        let heard = '';
        let isFound = false;
        for (const piece of cut(text, sizes)) {
          const { free, found } = finder.add({ text: piece, tokens: 1 });
          heard += free.map((each) => each.text).join('');
          isFound = found !== undefined;
          if (isFound) break;
        }
        if (!isFound)
          heard += finder
            .rest()
            .map((each) => each.text)
            .join('');
        expect(isFound).toBe(places.length > 0);
        // A stop is seen once it is whole: a longer one that began before may still have been open.
        if (!isFound) expect(heard).toBe(text);
        else expect(places).toContain(heard.length);
        expect(text.startsWith(heard)).toBe(true);
      }),
    );
  });

  it('hold nothing back that cannot become one of them', () => {
    const stops = new Stops(['###']);
    expect(stops.add({ text: 'a#', tokens: 1 }).free).toEqual([]);
    expect(stops.add({ text: 'b', tokens: 1 }).free.map(({ text }) => text)).toEqual(['a#', 'b']);
  });
});

describe('the end of a JSON text', () => {
  it('is known with its last character, wherever the borders of tokens are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), lengths, (value, sizes) => {
        const text = JSON.stringify(value, null, 1);
        const end = new JsonEnd();
        let length = 0;
        for (const piece of cut(`${text}\n and more`, sizes)) {
          const at = end.add(piece);
          length += at ?? piece.length;
          if (at !== undefined) break;
        }
        expect(length).toBe(text.length);
      }),
    );
  });
});
