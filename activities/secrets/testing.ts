/** What the tests of this room share: a folder for keys, and rows that nobody else knows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretRow } from '../store/store.ports.js';

export async function keyFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'slipway-keys-'));
  const remove = () => rm(root, { recursive: true, force: true });
  return { folder: join(root, 'keys'), remove };
}

export const aSecret: SecretRow = {
  id: '6f1de2a5-7b19-4a1e-9a64-0a6b0c1f8d11',
  name: 'NPM_TOKEN',
  repository: 'shop',
  branches: ['main'],
  stage: null,
  version: 1,
  keyId: 'k-1',
  updatedAt: new Date(0),
  updatedBy: 'ada',
};
