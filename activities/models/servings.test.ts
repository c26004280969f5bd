import { describe, expect, it } from '@jest/globals';
import type { ServingRow } from '../store/store.ports.js';
import { servedFiles } from './servings.js';

const row = (over: Partial<ServingRow>): ServingRow => ({
  ...{ name: 'a', slot: 'champion', model: 'm', digest: 'sha256:1', adapter: null },
  ...{ adapterDigest: null, share: 0, version: 1 },
  ...over,
});
const placeOf = (digest: string) => `/artifacts/${digest}`;

describe('what is served', () => {
  it('is the default first, and then by name, with the files of each', async () => {
    const rows = [
      row({ name: 'a', share: 50 }),
      row({ name: 'default' }),
      row({ name: 'default', slot: 'challenger', adapterDigest: 'sha256:2', share: 20 }),
    ];
    const files = await servedFiles({ servings: async () => rows }, placeOf);
    const common = { digest: 'sha256:1', path: '/artifacts/sha256:1', isToy: false };
    const adapter = { adapterDigest: 'sha256:2', adapterPath: '/artifacts/sha256:2' };
    expect(files).toEqual([
      { ...common, name: 'default', slot: 'champion', adapterDigest: null, share: 0 },
      { ...common, name: 'default', slot: 'challenger', ...adapter, share: 20 },
      { ...common, name: 'a', slot: 'champion', adapterDigest: null, share: 0 },
    ]);
  });
});
