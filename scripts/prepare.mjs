// Compiles what changed, and bundles workflows and processes anew where they are older. Prints {"written": N}.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { bundle, bundleFile } from './bundle.mjs';
import { bundleProcesses, processFiles } from './bundle.processes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const { written, removed } = await build();
const bundles = await Promise.all([bundleFile, ...processFiles].map(changed));
if (removed > 0 || Math.min(...bundles) < (await newest())) {
  await bundle();
  await bundleProcesses();
}
console.log(JSON.stringify({ written: written + removed }));

/** When anything that goes into a bundle changed last: code of ours, or the versions of libraries. */
async function newest() {
  const entries = await readdir(join(root, 'dist'), { withFileTypes: true, recursive: true });
  const code = entries
    .filter((entry) => entry.isFile() && entry.parentPath !== join(root, 'dist'))
    .map((entry) => join(entry.parentPath, entry.name));
  const times = await Promise.all([...code, join(root, 'package-lock.json')].map(changed));
  return Math.max(...times);
}

/** Milliseconds; 0 of what is not there. */
async function changed(file) {
  return (await stat(file).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
}
