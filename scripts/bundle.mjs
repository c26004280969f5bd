// Bundles dist/workflows for the worker's sandbox, ahead of time: a worker then starts in a fraction of a second.
import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What the worker loads when it is there. */
export const bundleFile = new URL('../dist/workflow-bundle.js', import.meta.url);
const workflows = new URL('../dist/workflows/index.js', import.meta.url);

/** Writes the bundle anew. Takes about a second. Needs dist/, see build.mjs. */
export async function bundle() {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(workflows),
    logger: new DefaultLogger('WARN'),
  });
  const target = fileURLToPath(bundleFile);
  const lean = withoutSources(code);
  await writeFile(`${target}.new`, lean);
  await rename(`${target}.new`, target); // A worker that starts meanwhile reads one or the other.
  return { bytes: lean.length };
}

/** Stack traces need the map's lines, not its copy of every source: two megabytes in each worker. */
function withoutSources(code) {
  const mark = '//# sourceMappingURL=data:application/json;base64,';
  const at = code.lastIndexOf('//# sourceMappingURL=data:');
  if (at < 0) return code;
  const encoded = code.slice(code.indexOf('base64,', at) + 'base64,'.length).trimEnd();
  const map = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  delete map.sourcesContent;
  return `${code.slice(0, at)}${mark}${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes } = await bundle();
  console.log(`bundle: ${Math.round(bytes / 1024)} KiB`);
}
