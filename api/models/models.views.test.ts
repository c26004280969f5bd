import { describe, expect, it } from '@jest/globals';
import type { ServingRow } from '../../activities/store/store.ports.js';
import type { ServedModel } from '../../workflows/domain/chat.js';
import { viewServing } from './models.views.js';

const row = (over: Partial<ServingRow> = {}): ServingRow => ({
  ...{ name: 'default', slot: 'champion', model: 'new', digest: 'sha256:2', adapter: null },
  ...{ adapterDigest: null, share: 0, version: 7 },
  ...over,
});
const served = (over: Partial<ServedModel> = {}): ServedModel => ({
  ...{ name: 'default', digest: 'sha256:1', adapter: null, contextTokens: 512, isToy: false },
  ...{ provider: 'in-process', state: 'ready' },
  ...over,
});
const stateOf = (of: ServingRow, one: ServedModel, lookedAt: number) => {
  const { state, reason } = viewServing(of, { served: [one], lookedAt });
  return [state, reason];
};

describe('what is to be served', () => {
  it('is as far as its engine is', () => {
    expect(stateOf(row(), served(), 6)).toEqual(['absent', null]);
    expect(stateOf(row(), served({ digest: 'sha256:2', state: 'loading' }), 6)).toEqual([
      'loading',
      null,
    ]);
    expect(stateOf(row(), served({ digest: 'sha256:2' }), 7)).toEqual(['ready', null]);
  });

  it('has failed when the engines say why, after they looked at it', () => {
    const old = served({ reason: 'no memory' });
    expect(stateOf(row(), old, 6)).toEqual(['absent', null]);
    expect(stateOf(row(), old, 7)).toEqual(['failed', 'no memory']);
  });

  it('beside a champion is ready when the engines looked at it, and named no trouble', () => {
    const challenger = row({ slot: 'challenger', digest: 'sha256:1', adapterDigest: 'sha256:3' });
    expect(stateOf(challenger, served(), 6)).toEqual(['absent', null]);
    expect(stateOf(challenger, served(), 7)).toEqual(['ready', null]);
    expect(stateOf(challenger, served({ name: 'other' }), 7)).toEqual(['absent', null]);
  });
});
