import { describe, expect, it } from '@jest/globals';
import type { ServingRow } from '../../activities/store/store.ports.js';
import type { ServedModel } from '../../workflows/domain/chat.js';
import type { EngineState, Served } from '../chat/model.ports.js';
import { viewEngine, viewServing } from './models.views.js';

const row = (over: Partial<ServingRow> = {}): ServingRow => ({
  ...{ name: 'default', slot: 'champion', model: 'new', digest: 'sha256:2', adapter: null },
  ...{ adapterDigest: null, share: 0, version: 7 },
  ...over,
});
const challenger = row({ slot: 'challenger', digest: 'sha256:1', adapterDigest: 'sha256:3' });
const served = (over: Partial<ServedModel> = {}): ServedModel => ({
  ...{ name: 'default', digest: 'sha256:1', adapter: null, contextTokens: 512, isToy: false },
  ...{ provider: 'in-process', state: 'ready' },
  ...over,
});
/** The engine of this row, and of others beside it. */
const engine = (of: ServingRow, over: Partial<EngineState> = {}): EngineState => {
  const { name: model, slot, digest, adapterDigest: adapter } = of;
  const serves: Served[] = [{ model, slot, digest, adapter }];
  const none = { memoryBytes: undefined, gpuMemoryBytes: undefined, heartbeatMs: undefined };
  return {
    ...{ model, serves, state: 'ready', device: 'cpu', isFallback: false, restarts: 0 },
    ...none,
    ...over,
  };
};
const stateOf = (of: ServingRow, engines: EngineState[], lookedAt = 7, one = served()) => {
  const { state, reason } = viewServing(of, { served: [one], engines, lookedAt });
  return [state, reason];
};

describe('what is to be served', () => {
  it('is as far as its engine is', () => {
    const old = engine(row({ digest: 'sha256:1' }));
    expect(stateOf(row(), [old], 6)).toEqual(['absent', null]);
    for (const [state, seen] of [
      ['starting', 'loading'],
      ['restarting', 'loading'],
      ['ready', 'ready'],
      ['absent', 'ready'],
    ] as const) {
      expect(stateOf(row(), [old, engine(row(), { state })])).toEqual([seen, null]);
    }
  });

  it('has failed when the engines say why, after they looked at it', () => {
    const old = served({ reason: 'no memory' });
    expect(stateOf(row(), [], 6, old)).toEqual(['absent', null]);
    expect(stateOf(row(), [], 7, old)).toEqual(['failed', 'no memory']);
  });

  it('is two beside each other: one that died, or was never loaded, says nothing of the other', () => {
    const dead = engine(challenger, { state: 'failed', reason: 'it was killed' });
    const both = [engine(row()), dead];
    expect(stateOf(row(), both)).toEqual(['ready', null]);
    expect(stateOf(challenger, both)).toEqual(['failed', 'it was killed']);
    const why = served({ reason: 'no memory' });
    expect(stateOf(row(), [engine(row())], 7, why)).toEqual(['ready', null]);
    expect(stateOf(challenger, [engine(row())], 7, why)).toEqual(['failed', 'no memory']);
    expect(stateOf(challenger, [engine(row())], 6)).toEqual(['absent', null]);
    expect(stateOf(challenger, [engine(challenger)])).toEqual(['ready', null]);
  });
});

describe('an engine', () => {
  it('says for which slots of which names it answers', () => {
    const { serves, reason } = viewEngine(engine(challenger));
    const slot = 'challenger';
    expect(serves).toEqual([{ model: 'default', slot, digest: 'sha256:1', adapter: 'sha256:3' }]);
    expect(reason).toBeNull();
  });
});
