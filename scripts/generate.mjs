// Writes the files that are made from code. With --check: fails when one of them is not what it would write.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

await build();
const { pipelineJsonSchema } = await import('../dist/workflows/pipeline/json-schema.js');
const { accessDocument } = await import('../dist/api/access.js');
const made = {
  'docs/pipeline.schema.json': `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`,
  'docs/api-access.md': await accessDocument(),
};

const stale = [];
for (const [name, text] of Object.entries(made)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  if ((await readFile(path, 'utf8').catch(() => '')) === text) continue;
  stale.push(name);
  if (!process.argv.includes('--check')) await writeFile(path, text);
}
if (process.argv.includes('--check') && stale.length > 0) {
  console.log(`not fresh: ${stale.join(', ')}; run "npm run generate" and commit the result`);
  process.exitCode = 1;
} else if (stale.length > 0) {
  console.log(`written: ${stale.join(', ')}`);
}
