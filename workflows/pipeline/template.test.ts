import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { references, render, type Scope } from './template.js';

const scope: Scope = {
  inputs: { level: 'debug', empty: '' },
  steps: { make: { version: '1.2', 'not-plain': '$&' }, silent: {} },
  run: { id: 'web-42', commit: 'c0ffee', branch: null, repository: 'web', pipeline: 'p', order: 7 },
};
const filled = (text: string) => {
  const rendered = render(text, scope);
  return rendered.ok ? rendered.text : rendered.reason;
};

describe('a template', () => {
  it.each([
    ['${{ inputs.level }}', 'debug'],
    ['${{inputs.level}}', 'debug'],
    ['a ${{ inputs.level }} b ${{ run.order }} c', 'a debug b 7 c'],
    ['${{ steps.make.outputs.version }}', '1.2'],
    ['${{ steps.make.outputs.not-plain }}', '$&'],
    ['${{ inputs.empty }}', ''],
    ['on ${{ run.branch }}', 'on '],
    ['$${{ inputs.level }}', '${{ inputs.level }}'],
    ['$$${{ inputs.level }}', '$${{ inputs.level }}'],
    ['no template: $ {{ }} ${x} }}', 'no template: $ {{ }} ${x} }}'],
  ])('%j becomes %j', (text, expected) => {
    expect(filled(text)).toBe(expected);
  });

  it.each([
    '${{ inputs.other }}',
    '${{ inputs }}',
    '${{ inputs.level.more }}',
    '${{ }}',
    '${{ open',
    '${{ steps.make.version }}',
    '${{ steps.make.outputs }}',
    '${{ steps.none.outputs.x }}',
    '${{ steps.silent.outputs.x }}',
    '${{ steps.make.outputs.version.more }}',
    '${{ run.x }}',
    '${{ inputs.constructor }}',
    '${{ steps.__proto__.outputs.x }}',
    '${{ run.toString }}',
    '${{ secrets.TOKEN }}',
    "${{ inputs.level == 'x' }}",
    '${{ a..b }}',
    '${{ .a }}',
  ])('%j is an answer that says so, not an exception', (text) => {
    expect(render(`a ${text}`, scope)).toEqual({
      ok: false,
      unknown: expect.objectContaining({ text }),
      reason: `${text} has no value in this run`,
    });
  });

  it('says what it names', () => {
    expect(
      references('${{ inputs.a }}, $${{ no }} and ${{ steps.b.outputs.c }} ${{ 1+1 }}'),
    ).toEqual([
      { path: ['inputs', 'a'], text: '${{ inputs.a }}' },
      { path: ['steps', 'b', 'outputs', 'c'], text: '${{ steps.b.outputs.c }}' },
      { path: [], text: '${{ 1+1 }}' },
    ]);
  });

  it('leaves text without templates alone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('${{'));
        expect(render(text, scope)).toEqual({ ok: true, text });
        expect(references(text)).toEqual([]);
      }),
    );
  });

  it('never fills in what a value brings along', () => {
    const hostile = { ...scope, inputs: { level: '${{ run.id }}' } };
    expect(render('${{ inputs.level }}', hostile)).toEqual({ ok: true, text: '${{ run.id }}' });
  });
});
