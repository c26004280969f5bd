// `node scripts/limits.mjs`: meets Temporal's limits at their full size, on a server of its own, with the
// real workflow code, the real options of the worker, and activities that say yes. Prints what each run
// cost. --only NAME,…: some of them. Takes some minutes. The tests do the same with smaller numbers.
import { fileURLToPath } from 'node:url';
import { foreground, node, progress, setUp } from './setup.mjs';

await setUp(progress(process.stderr));
const main = fileURLToPath(new URL('limits/main.mjs', import.meta.url));
process.exitCode = await foreground(node, [main, ...process.argv.slice(2)]);
