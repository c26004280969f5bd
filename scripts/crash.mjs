#!/usr/bin/env node
// `npm run crash -- --kills 1000 --seed S`: kills processes of real stacks, and shows that nothing is lost.
import { join } from 'node:path';
import { environment, foreground, node, root, setUp } from './setup.mjs';

try {
  await setUp();
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(3);
}
process.chdir(root);
const script = join(root, 'dist', 'api', 'e2e', 'crash', 'main.js');
process.exitCode = await foreground(node, [script, ...process.argv.slice(2)], environment());
