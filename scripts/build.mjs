// Compiles api/, activities/ and workflows/ to dist/ with swc. Only files that changed are compiled again.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['api', 'activities', 'workflows'];

/** Brings dist/ up to date. Safe to repeat. Returns how many files were written and removed. */
export async function build() {
  const { transform } = await import('@swc/core');
  const options = JSON.parse(await readFile(join(root, 'swc.json'), 'utf8'));
  const stamp = (await stat(join(root, 'swc.json'))).mtimeMs;
  const wanted = new Set();
  let written = 0;
  for (const folder of SOURCES) {
    for (const source of await files(join(root, folder))) {
      if (!source.endsWith('.ts') || source.endsWith('.test.ts') || source.endsWith('.d.ts'))
        continue;
      const target = join(root, 'dist', relative(root, source)).replace(/\.ts$/, '.js');
      wanted.add(target);
      if ((await mtime(target)) > Math.max(await mtime(source), stamp)) continue;
      const { code, map } = await transform(await readFile(source, 'utf8'), {
        ...options,
        filename: source,
        sourceFileName: relative(dirname(target), source),
        sourceMaps: true,
        swcrc: false,
      });
      await mkdir(dirname(target), { recursive: true });
      await writeFile(`${target}.map`, map);
      await writeFile(target, `${code}\n//# sourceMappingURL=${target.split('/').at(-1)}.map\n`);
      written++;
    }
  }
  let removed = 0;
  for (const folder of SOURCES) {
    for (const target of await files(join(root, 'dist', folder))) {
      if (!target.endsWith('.js') || wanted.has(target)) continue;
      await rm(target);
      await rm(`${target}.map`, { force: true });
      removed++;
    }
  }
  return { written, removed };
}

async function mtime(path) {
  return (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
}

async function files(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { written, removed } = await build();
  console.log(`build: ${written} written, ${removed} removed`);
}
