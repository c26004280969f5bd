/** The bare repositories of one folder: making them, and reading what a push brings. */
import { randomUUID } from 'node:crypto';
import { access, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_PIPELINE_BYTES } from '../../workflows/domain/limits.js';
import { RepositoryName } from '../../workflows/domain/names.js';
import { createGit, type Git, type GitAnswer } from './git.command.js';

/** Ours: what every stage should serve. Everybody may fetch it, only deploys write it. */
export const GITOPS = 'gitops';
/** Where a pipeline may be, in the order of preference. */
const PIPELINE_PATHS = ['.slipway/pipeline.yaml', '.slipway/pipeline.yml'] as const;
/** Changed paths that are looked at; with more, every path counts as changed. */
const MAX_CHANGED_PATHS = 10_000;
const MAX_CHANGED_BYTES = 8_388_608;
/** A reflog entry may be this much older than our record of the push: clocks differ. */
const CLOCK_SLACK_MS = 600_000;

const PACK_LIMIT_MS = 600_000;
/** Files of one commit. A push of some kilobytes can name thousands of millions of them. */
export const MAX_FILES = 500_000;

export interface RefMove {
  ref: string;
  oldCommit: string;
  newCommit: string;
}

export interface FoundPipeline {
  path: string;
  text: string;
}

export class BareRepositories {
  private readonly git: Git;

  constructor(
    readonly folder: string,
    env: NodeJS.ProcessEnv,
  ) {
    this.git = createGit(env);
  }

  /** @throws {Error} for a name that could lead out of the folder: a bug of the caller. */
  path(name: string): string {
    return join(this.folder, `${RepositoryName.parse(name)}.git`);
  }

  async exists(name: string): Promise<boolean> {
    return access(join(this.path(name), 'HEAD')).then(
      () => true,
      () => false,
    );
  }

  /** Empty, with the default branch `main`. Repeatable, and safe side by side: it appears whole. */
  async create(name: string): Promise<void> {
    if (await this.exists(name)) return;
    const draft = join(this.folder, `.draft-${randomUUID()}`);
    const args = ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', draft];
    succeeded(await this.git(draft, args), `making the repository "${name}"`);
    try {
      await rename(draft, this.path(name));
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (!(await this.exists(name))) throw error;
    }
  }

  /** The pipeline file at a commit; a commit that is still in quarantine needs the hook's `env`. */
  async pipelineAt(
    name: string,
    commit: string,
    env: NodeJS.ProcessEnv = {},
  ): Promise<FoundPipeline | undefined> {
    const input = PIPELINE_PATHS.map((path) => `${commit}:${path}\n`).join('');
    const maxBytes = 2 * MAX_PIPELINE_BYTES + 4_096;
    const git = (...args: string[]) => this.git(this.path(name), args, { env, input, maxBytes });
    const sizes = succeeded(await git('cat-file', '--batch-check=%(objecttype) %(objectsize)'));
    const lines = sizes.stdout.toString().split('\n');
    const index = lines.findIndex((line) => line.startsWith('blob '));
    const path = PIPELINE_PATHS[index];
    if (path === undefined) return undefined;
    const bytes = Number(lines[index]?.slice('blob '.length));
    // The language itself says that it is too long; it needs not all of it for that.
    const blob = await this.git(this.path(name), ['cat-file', 'blob', `${commit}:${path}`], {
      env,
      maxBytes: MAX_PIPELINE_BYTES + 1,
    });
    if (!blob.cut) succeeded(blob, `reading ${path}`);
    return { path, text: blob.stdout.toString('utf8', 0, Math.min(bytes, MAX_PIPELINE_BYTES + 1)) };
  }

  /**
   * Whether a commit has more files than MAX_FILES. Counts as it reads, and stops there: Git itself
   * would hold all of them in memory.
   */
  async hasTooManyFiles(
    name: string,
    commit: string,
    env: NodeJS.ProcessEnv = {},
  ): Promise<boolean> {
    let files = 0;
    const each = (part: Buffer) => {
      for (let at = part.indexOf(0); at !== -1; at = part.indexOf(0, at + 1)) files++;
      return files <= MAX_FILES;
    };
    const args = ['ls-tree', '-r', '-z', '--name-only', commit];
    const answer = await this.git(this.path(name), args, { env, each });
    if (!answer.cut) succeeded(answer, 'counting files');
    return answer.cut;
  }

  /** Paths that differ between two commits; null when they are too many. */
  async changedPaths(
    name: string,
    { oldCommit, newCommit }: RefMove,
    env: NodeJS.ProcessEnv = {},
  ): Promise<string[] | null> {
    const options = ['-r', '-z', '--name-only', '--no-renames', '--no-commit-id'];
    const args = ['diff-tree', ...options, oldCommit, newCommit];
    const answer = await this.git(this.path(name), args, { env, maxBytes: MAX_CHANGED_BYTES });
    if (answer.cut) return null;
    const paths = succeeded(answer, 'comparing commits').stdout.toString().split('\0').slice(0, -1);
    return paths.length > MAX_CHANGED_PATHS ? null : paths;
  }

  /** What these refs name now; refs that are not there are not in the answer. */
  async refs(name: string, refs: readonly string[]): Promise<Map<string, string>> {
    const args = ['for-each-ref', '--format=%(objectname) %(refname)', ...refs];
    const { stdout } = succeeded(await this.git(this.path(name), args), 'reading refs');
    const lines = stdout.toString().split('\n').slice(0, -1);
    return new Map(lines.map((line) => [line.slice(41), line.slice(0, 40)]));
  }

  /** Whether Git carried the update out: the ref names the commit, or was moved to it since `since`. */
  async carriedOut(name: string, move: RefMove, since: Date): Promise<boolean> {
    if (!(await this.exists(name))) return false;
    if ((await this.refs(name, [move.ref])).get(move.ref) === move.newCommit) return true;
    const log = await readFile(join(this.path(name), 'logs', move.ref), 'utf8').catch(() => '');
    const earliest = (since.getTime() - CLOCK_SLACK_MS) / 1_000;
    return log.split('\n').some((line) => {
      if (!line.startsWith(`${move.oldCommit} ${move.newCommit} `)) return false;
      return Number(/> (\d+) [+-]\d{4}(\t|$)/.exec(line)?.[1]) >= earliest;
    });
  }

  /** Puts all objects into one pack, also those that no ref names. Safe beside pushes and fetches. */
  async pack(name: string): Promise<void> {
    const args = ['repack', '-a', '-d', '--keep-unreachable', '--quiet'];
    const options = { limitMs: PACK_LIMIT_MS };
    succeeded(await this.git(this.path(name), args, options), `packing "${name}"`);
  }

  /** What a branch, tag or commit names, branches first; the default branch when nothing is given. */
  async resolve(
    name: string,
    ref: string | undefined,
  ): Promise<{ commit: string; branch: string | null } | undefined> {
    if (!(await this.exists(name))) return undefined;
    const at = this.path(name);
    const wanted = ref ?? (await this.defaultBranch(at));
    if (EXPRESSION.test(wanted)) return undefined;
    const branch = wanted.replace(/^refs\/heads\//, '');
    // Nobody's branch may stand in for a commit that somebody names in full.
    const tries = isCommit(wanted)
      ? ['', wanted]
      : [`refs/heads/${branch}`, wanted, `refs/tags/${wanted}`];
    for (const [index, candidate] of tries.entries()) {
      if (candidate === '' || (index === 1 && !isPublic(wanted))) continue;
      const args = [
        'rev-parse',
        '--verify',
        '--quiet',
        '--end-of-options',
        `${candidate}^{commit}`,
      ];
      const { code, stdout } = await this.git(at, args);
      if (code === 0)
        return { commit: stdout.toString().trim(), branch: index === 0 ? branch : null };
    }
    return undefined;
  }

  private async defaultBranch(at: string): Promise<string> {
    const { stdout } = succeeded(await this.git(at, ['symbolic-ref', 'HEAD']), 'reading HEAD');
    return stdout.toString().trim();
  }
}

/** What Git reads as more than a name: ancestors, reflogs, searches. No branch or tag may hold it. */
const EXPRESSION = /[~^:?*[\\\s]|@\{|\.\./;

function isCommit(ref: string): boolean {
  return /^[0-9a-f]{40}$/.test(ref);
}

/** Full names of tags, and commits; no internal refs and none of Git's expressions. */
function isPublic(ref: string): boolean {
  return /^refs\/tags\/[^@~^:?*[\\]+$/.test(ref) || /^[0-9a-f]{7,40}$/.test(ref);
}

function succeeded(answer: GitAnswer, what = 'git'): GitAnswer {
  if (answer.code === 0) return answer;
  throw new Error(`${what} ended with ${answer.code}: ${answer.stderr.trim()}`);
}
