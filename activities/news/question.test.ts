import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { searchFor } from './question.js';

describe('a search', () => {
  it.each([
    ['Quelles sont les dernières actualités IA en France ?', 'ia AND france', 'fr'],
    ['Was sind die neuesten Nachrichten über den Bundestag?', 'neuesten AND bundestag', 'de'],
    ['¿Cuáles son las últimas noticias sobre inflación?', 'inflación', 'es'],
    ['Tesla Tesla TESLA stock-price', 'tesla AND stock-price', undefined],
    ['"exact" +must -not (a OR b)', 'exact AND must', 'en'],
  ])('for %j looks for %j in %j', (question, query, language) => {
    expect(searchFor(question)).toEqual({ query, language });
  });

  it('is short and of words only, whatever is asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (question) => {
        const { query } = searchFor(question);
        expect(query.length).toBeLessThanOrEqual(180);
        expect(query).toMatch(/^(?:[\p{L}\p{N}-]+(?: AND [\p{L}\p{N}-]+)*)?$/u);
      }),
    );
  });
});
