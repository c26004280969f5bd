#!/usr/bin/env node
// The command `slipway`. Runs the compiled CLI; builds it first in a fresh checkout.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/api/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  const { build } = await import('../scripts/build.mjs');
  await build();
}
await import(main.href);
