/**
 * A bare repository, read and written without a work tree and with few processes: reading a revision
 * is one `git cat-file --batch`, a commit is one `git fast-import`.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Longest time that one git process may take. Milliseconds. */
const GIT_LIMIT_MS = 30_000;
const AUTHOR = 'Slipway <slipway@localhost>';

/** Git as we call it: nothing of the user's or the machine's configuration reaches it. */
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  LANG: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};
/** No hook runs, whoever put one there. */
const SETTINGS = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false'];

export class GitFailed extends Error {
  override readonly name = 'GitFailed';
}

export interface CommitRequest {
  /** The tip that the commit builds on; null for the first. The branch moves only from there. */
  parent: string | null;
  message: string;
  /** Path -> text, or null to remove. */
  files: Record<string, string | null>;
  at: Date;
}

export class BareRepository {
  private created: Promise<void> | undefined;

  constructor(readonly path: string) {}

  /** Brings the repository into being. Repeatable. */
  create(): Promise<void> {
    this.created ??= this.init().catch((error: unknown) => {
      this.created = undefined;
      throw error;
    });
    return this.created;
  }

  /** The tip of main; null while there is none. Spawns nothing. */
  async head(): Promise<string | null> {
    const loose = await readOrEmpty(join(this.path, 'refs/heads/main'));
    if (/^[0-9a-f]{40}\s*$/.test(loose)) return loose.trim();
    const packed = await readOrEmpty(join(this.path, 'packed-refs'));
    return /^([0-9a-f]{40}) refs\/heads\/main$/m.exec(packed)?.[1] ?? null;
  }

  /** Texts of objects, named as git names them (`<commit>:<path>`); null for what does not exist. */
  async read(names: string[]): Promise<(string | null)[]> {
    const out = await this.git(['cat-file', '--batch'], `${names.join('\n')}\n`);
    return parseBatch(out, names.length);
  }

  /** Names of the blobs below `folder` at a commit. */
  async blobs(commit: string, folder: string): Promise<{ path: string; name: string }[]> {
    const args = ['ls-tree', '-r', '-z', '--full-tree', commit, '--', `${folder}/`];
    const out = (await this.git(args)).toString();
    return out.split('\0').flatMap((line) => {
      const [, name, path] = /^\d+ blob ([0-9a-f]+)\t(.+)$/.exec(line) ?? [];
      return name && path ? [{ path, name }] : [];
    });
  }

  /**
   * Moves main from `parent` to a new commit, or does nothing.
   *
   * @returns the commit, or null when main was moved by somebody else in between.
   */
  async commit(request: CommitRequest): Promise<string | null> {
    const args = ['fast-import', '--quiet', '--done'];
    try {
      return (await this.git(args, importStream(request))).toString().trim();
    } catch (error) {
      // fast-import refuses a tip that does not contain the one it finds: a lost race, not a fault.
      if (error instanceof GitFailed && (await this.head()) !== request.parent) return null;
      throw error;
    }
  }

  /** The newest commit on main whose message has all these lines, looking at `path` only. */
  async find(lines: string[], path: string): Promise<string | null> {
    const patterns = lines.map((line) => `--grep=^${line.replaceAll('.', '\\.')}$`);
    const args = ['log', '-1', '--format=%H', '--all-match', ...patterns, 'main', '--', path];
    return (await this.git(args)).toString().trim() || null;
  }

  /** Packs loose objects when there are many. */
  async tidy(): Promise<void> {
    await this.git(['gc', '--auto', '--quiet']);
  }

  private async init(): Promise<void> {
    if ((await readOrEmpty(join(this.path, 'HEAD'))) !== '') return;
    const fresh = `${this.path}.${randomUUID()}`;
    await mkdir(dirname(this.path), { recursive: true });
    await run(['init', '--quiet', '--bare', '--initial-branch=main', '--template=', fresh]);
    // Only a whole repository gets the name; whoever comes second finds the first one's.
    await rename(fresh, this.path).catch(async (error: unknown) => {
      await rm(fresh, { recursive: true, force: true });
      if (!['ENOTEMPTY', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code))) {
        throw error;
      }
    });
  }

  private git(args: string[], input?: string): Promise<Buffer> {
    return run([`--git-dir=${this.path}`, ...args], input);
  }
}

function run(args: string[], input = ''): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const git = spawn('git', [...SETTINGS, ...args], { env: ENVIRONMENT, timeout: GIT_LIMIT_MS });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    git.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    git.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    git.stdin.on('error', () => {}); // Git ended before it read everything: its exit code says why.
    git.on('error', (cause) =>
      reject(new GitFailed(`git could not be started: ${cause.message}`, { cause })),
    );
    git.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out));
      const verb = args.find((arg) => !arg.startsWith('-')) ?? '';
      const words = Buffer.concat(errors).toString().trim().slice(0, 500);
      reject(new GitFailed(`"git ${verb}" ended with ${signal ?? code}: ${words}`));
    });
    git.stdin.end(input);
  });
}

function importStream({ parent, message, files, at }: CommitRequest): string {
  const seconds = Math.floor(at.getTime() / 1_000);
  const changes = Object.entries(files).map(([path, text]) =>
    text === null ? `D ${path}\n` : `M 100644 inline ${path}\n${data(text)}`,
  );
  return [
    'commit refs/heads/main\nmark :1\n',
    `committer ${AUTHOR} ${seconds} +0000\n`,
    data(message),
    parent ? `from ${parent}\n` : '',
    ...changes,
    '\nget-mark :1\ndone\n',
  ].join('');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function parseBatch(out: Buffer, count: number): (string | null)[] {
  const texts: (string | null)[] = [];
  let at = 0;
  while (texts.length < count) {
    const end = out.indexOf(10, at);
    if (end < 0) throw new GitFailed('"git cat-file" answered less than it was asked');
    const size = / (\d+)$/.exec(out.toString('utf8', at, end))?.[1];
    at = end + 1;
    if (size === undefined) {
      texts.push(null);
      continue;
    }
    texts.push(out.toString('utf8', at, at + Number(size)));
    at += Number(size) + 1;
  }
  return texts;
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
