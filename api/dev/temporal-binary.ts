/**
 * Where the Temporal server binary comes from, in this order: TEMPORAL_CLI, `temporal` on PATH, our
 * cache, the official download, `go install`. A source that cannot be reached is skipped quickly.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, readdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

const GO_MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const GO_INSTALL_LIMIT_MS = 900_000;
const DOWNLOAD_LIMIT_MS = 300_000;
const PROBE_LIMIT_MS = 3_000;
const DOWNLOAD_HOST = 'https://temporal.download';

export interface Found {
  path: string;
  /** For the terminal: "PATH", "cache", "built with go". */
  source: string;
}

export class NoTemporal extends Error {
  override readonly name = 'NoTemporal';
  constructor(tried: string[]) {
    super(
      'Slipway found no Temporal server:\n' +
        `${tried.map((line) => `  - ${line}`).join('\n')}\n` +
        'Do one of these, then start again:\n' +
        '  - install the Temporal CLI (https://docs.temporal.io/cli) so that "temporal" is on PATH;\n' +
        '  - set TEMPORAL_CLI to the path of a temporal binary;\n' +
        '  - install Go 1.25 or newer: Slipway then builds the server itself, once;\n' +
        '  - set TEMPORAL_ADDRESS to a Temporal server that already runs.',
    );
  }
}

/** A way to get the binary: its path, or why this way does not work. */
type Source = { name: string; find: (say: (text: string) => void) => Promise<Found | string> };

/** @throws {NoTemporal} that says what was tried and what to do. */
export async function findTemporal(
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<Found> {
  const tried: string[] = [];
  for (const source of sources(env)) {
    const found = await source.find(say);
    if (typeof found !== 'string') return found;
    tried.push(`${source.name}: ${found}`);
  }
  throw new NoTemporal(tried);
}

export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'slipway', 'temporal');
}

function sources(env: NodeJS.ProcessEnv): Source[] {
  const cache = cacheFolder(env);
  return [
    { name: 'TEMPORAL_CLI', find: () => fromVariable(env['TEMPORAL_CLI']) },
    { name: 'PATH', find: () => onPath(env['PATH'] ?? '') },
    { name: `cache ${cache}`, find: () => inCache(cache) },
    { name: `download from ${DOWNLOAD_HOST}`, find: (say) => byDownload(cache, say) },
    { name: `go install ${GO_MODULE}`, find: (say) => byGo(cache, env, say) },
  ];
}

async function fromVariable(path: string | undefined): Promise<Found | string> {
  if (!path) return 'not set';
  return (await works(path)) ? { path, source: 'TEMPORAL_CLI' } : `"${path}" does not run`;
}

async function onPath(path: string): Promise<Found | string> {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, 'temporal');
    if (folder && (await works(candidate))) return { path: candidate, source: 'PATH' };
  }
  return 'no "temporal" there';
}

async function inCache(cache: string): Promise<Found | string> {
  const path = join(cache, 'temporal');
  return (await works(path)) ? { path, source: 'cache' } : 'empty';
}

async function byDownload(cache: string, say: (text: string) => void): Promise<Found | string> {
  try {
    await fetch(DOWNLOAD_HOST, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
  } catch {
    return 'cannot be reached';
  }
  say('downloading the Temporal server');
  try {
    await mkdir(cache, { recursive: true });
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const started = TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', downloadDir: cache } },
    });
    const server = await withLimit(started, DOWNLOAD_LIMIT_MS);
    await server.teardown();
    const [name] = (await readdir(cache)).filter((file) => file.startsWith('temporal'));
    if (!name) return 'downloaded, but no binary was found afterwards';
    await rename(join(cache, name), join(cache, 'temporal'));
    return { path: join(cache, 'temporal'), source: 'downloaded' };
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? 'failed') : String(error);
  }
}

async function byGo(
  cache: string,
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<Found | string> {
  try {
    await exec('go', ['version'], { timeout: PROBE_LIMIT_MS });
  } catch {
    return 'Go is not installed';
  }
  say('building the Temporal server with Go: about 3 minutes, once');
  try {
    await mkdir(cache, { recursive: true });
    await exec('go', ['install', GO_MODULE], {
      env: { ...env, GOBIN: cache },
      timeout: GO_INSTALL_LIMIT_MS,
      maxBuffer: 16 * 1_048_576,
    });
    return { path: join(cache, 'temporal'), source: 'built with go' };
  } catch (error) {
    return error instanceof Error ? error.message.trim().split('\n').slice(-2).join(' ') : 'failed';
  }
}

async function works(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    await exec(path, ['--version'], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error(`took longer than ${limitMs / 1_000} s`)), limitMs).unref();
    }),
  ]);
}
