#!/usr/bin/env node
// `npm start`: the whole of Slipway on one machine. Needs Node 20, npm and git; brings the rest itself.
import { join } from 'node:path';
import { environment, foreground, node, root, setUp } from './scripts/setup.mjs';

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(`npm start [-- --empty]

  Starts Temporal, PostgreSQL, API, worker and reconciler, and shows a sample being delivered.
  Stays in the foreground; Ctrl-C stops everything. State is in SLIPWAY_HOME.

  --empty             bring no sample application
  SLIPWAY_HOME        folder of all state (default .slipway)
  SLIPWAY_EXECUTOR    sandbox or plain (default: sandbox where it works)
  SLIPWAY_PORT        port of the API (default 7800; a free one when it is taken)
  TEMPORAL_CLI        the Temporal server binary to use
  TEMPORAL_ADDRESS    use this Temporal instead of starting one
  DATABASE_URL        use this PostgreSQL instead of starting one`);
  process.exit(0);
}

console.log('Slipway');
try {
  await setUp();
} catch (error) {
  console.error(`\n${error.message}`);
  process.exit(3);
}
// The supervisor waits most of the time: a small heap is enough.
const flags = ['--max-semi-space-size=1', '--optimize-for-size'];
const main = join(root, 'dist/api/dev/main.js');
process.exitCode = await foreground(node, [...flags, main, ...args], environment());
