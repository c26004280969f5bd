/** Workflow code of another version: a copy of ours in which some lines are different, bundled. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowBundle } from '@temporalio/worker';
import { bundleOf } from './bundle.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Change {
  /** Below workflows/. */
  file: string;
  /** Must occur there exactly once. */
  from: string;
  to: string;
}

/** @throws {Error} when a change does not fit the code any more: then the test tests nothing. */
export async function bundleVariant(changes: readonly Change[]): Promise<WorkflowBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-variant-'));
  try {
    const workflows = join(folder, 'workflows');
    await cp(join(root, 'workflows'), workflows, { recursive: true, filter: isCode });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const change of changes) await apply(workflows, change);
    return await bundleOf(join(workflows, 'index.ts'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function apply(workflows: string, { file, from, to }: Change): Promise<void> {
  const path = join(workflows, file);
  const parts = (await readFile(path, 'utf8')).split(from);
  if (parts.length !== 2) {
    throw new Error(`${file} holds "${from}" ${parts.length - 1} times instead of once`);
  }
  await writeFile(path, parts.join(to));
}

function isCode(path: string): boolean {
  return !/\.test\.ts$|[\\/](recorded|fixtures)$/.test(path);
}
