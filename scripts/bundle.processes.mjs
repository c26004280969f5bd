// Bundles a process of ours with its libraries into one file: it then starts in less than half the time, as
// it opens one file instead of two thousand.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** By the name of the bundle: what begins the process. Both in dist/. */
export const PROCESSES = {
  'api.js': 'api/main.js',
  'reconciler.js': 'activities/deploy/reconciler/main.js',
};
/** Loaded when somebody configures them. */
const LATER = ['@aws-sdk/client-dynamodb', 'ioredis'];
/** Asked for by libraries that do without: none of them is installed. */
const ABSENT = [
  ...['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-express'],
  ...['@fastify/static', '@fastify/multipart', '@fastify/view'],
  ...['class-transformer', 'class-validator', 'pg-native', 'bufferutil', 'utf-8-validate'],
];
/** What libraries in CommonJS expect around them. */
const BANNER = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);
const { filename: __filename, dirname: __dirname } = import.meta;`;
/** A map of nothing: stacks lead into our sources, and the lines of libraries would make the map tenfold. */
const NO_MAP = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(
  JSON.stringify({ version: 3, sources: ['lib'], names: [], mappings: 'AAAA' }),
).toString('base64')}`;

const dist = new URL('../dist/', import.meta.url);
export const processFiles = Object.keys(PROCESSES).map((name) => new URL(name, dist));

/** Writes the bundles anew. Takes seconds. Needs dist/, see build.mjs. */
export async function bundleProcesses() {
  for (const [name, main] of Object.entries(PROCESSES)) await bundle(name, main);
}

async function bundle(name, main) {
  const target = fileURLToPath(new URL(name, dist));
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(main, dist))],
    outfile: target,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifyWhitespace: true, // There is less to parse; the map knows our lines.
    minifySyntax: true,
    keepNames: true, // Nest and errors go by them.
    sourcemap: 'linked',
    sourcesContent: false,
    external: [...LATER, ...ABSENT],
    banner: { js: BANNER },
    plugins: [withoutMapsOfLibraries],
    logLevel: 'error',
    write: false,
  });
  // A process that starts meanwhile reads one or the other.
  for (const { path, contents } of outputFiles) await writeFile(`${path}.new`, contents);
  for (const { path } of outputFiles) await rename(`${path}.new`, path);
}

const withoutMapsOfLibraries = {
  name: 'without maps of libraries',
  setup(plugged) {
    plugged.onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, 'utf8')}\n${NO_MAP}`,
      loader: 'js',
    }));
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleProcesses();
