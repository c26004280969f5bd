import { describe, expect, it } from '@jest/globals';
import { BadSource } from './pull.errors.js';
import { nameOf, sourceOf } from './source.js';

const HUB = 'https://hub.example';

describe('a source', () => {
  it('may be a file of the hub', () => {
    const { url, shown, file, isHub } = sourceOf('hf:org/small-GGUF:q4/small.Q4_K_M.gguf', HUB);
    expect(url.href).toBe(`${HUB}/org/small-GGUF/resolve/main/q4/small.Q4_K_M.gguf`);
    expect([shown, file, isHub]).toEqual([
      'hf:org/small-GGUF:q4/small.Q4_K_M.gguf',
      'small.Q4_K_M.gguf',
      true,
    ]);
  });

  it('may be an address, whose query is fetched and never shown', () => {
    const { url, shown, file } = sourceOf(
      'https://models.example/a%20b.gguf?signature=s3cret',
      HUB,
    );
    expect(url.search).toBe('?signature=s3cret');
    expect([shown, file]).toEqual(['https://models.example/a%20b.gguf', 'a b.gguf']);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://models.example/model.gguf',
    'https://ada:s3cret@models.example/model.gguf',
    'model.gguf',
    'hf:org/small',
    'hf:org/../:model.gguf',
    'hf:org/small:../../model.gguf',
    'hf:org/small:a//model.gguf',
    'https://models.example/model-00001-of-00003.gguf',
    `https://models.example/${'x'.repeat(5_000)}`,
  ])('is refused when it is %s', (text) => {
    const thrown = (() => {
      try {
        return sourceOf(text, HUB);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(BadSource);
    expect(
      JSON.stringify([(thrown as BadSource).message, (thrown as BadSource).help]),
    ).not.toContain('s3cret');
  });
});

describe('the name of a model', () => {
  it.each([
    ['small.Q4_K_M.gguf', 'small.Q4_K_M'],
    ['a b (1).gguf', 'a-b-1'],
    ['UPPER.GGUF', 'UPPER'],
  ])('is made of its file: %s', (file, name) => {
    expect(nameOf(file)).toBe(name);
  });

  it('must be given where the file has none', () => {
    expect(() => nameOf('….gguf')).toThrow(BadSource);
  });
});
