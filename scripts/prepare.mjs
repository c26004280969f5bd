// Compiles what changed, and bundles the workflows when they did. Prints {"written": N}.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { bundle, bundleFile } from './bundle.mjs';

const { written, removed } = await build();
if (written + removed > 0 || !existsSync(fileURLToPath(bundleFile))) await bundle();
console.log(JSON.stringify({ written: written + removed }));
