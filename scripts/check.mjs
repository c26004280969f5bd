// `npm run check`: format, lint, types, arrows, generated files. Says everything that is wrong, not only the first.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));
const sources = ['workflows', 'activities', 'api'];

const checks = [
  ['format and imports', bin('biome'), ['check', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings', ...sources]],
  ['types', bin('tsc'), ['-p', 'tsconfig.json', '--noEmit']],
  ['arrows', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', ...sources]],
  ['generated files', process.execPath, ['scripts/generate.mjs', '--check']],
];

let failed = 0;
for (const [what, command, args] of checks) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  console.log(`${status === 0 ? '✓' : '✗'} ${what}`);
  if (status === 0) continue;
  failed++;
  console.log(`${stdout}${stderr}`.trim());
}
process.exitCode = failed === 0 ? 0 : 1;
