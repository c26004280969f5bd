/** One git command with a clean environment, bounded in time and in what it may say. */
import { spawn } from 'node:child_process';

const LIMIT_MS = 60_000;
const MAX_ERROR_CHARS = 4_000;

export interface GitAnswer {
  /** The exit code; null when it was ended, by its limit or by `maxBytes`. */
  code: number | null;
  /** At most `maxBytes`. */
  stdout: Buffer;
  /** The end of what it said about itself. */
  stderr: string;
  /** True when there was more than `maxBytes`. */
  cut: boolean;
}

export interface GitOptions {
  input?: string;
  /** Beside the server's own environment: where a push keeps its objects until it is accepted. */
  env?: NodeJS.ProcessEnv;
  /** Default 1 MiB. */
  maxBytes?: number;
  /** Takes what it prints, piece by piece, instead of keeping it; false ends it, and `cut` says so. */
  each?: (part: Buffer) => boolean;
  /** The longest that it may take, milliseconds. Default one minute. */
  limitMs?: number;
}

export type Git = (repository: string, args: string[], options?: GitOptions) => Promise<GitAnswer>;

/** @throws {Error} when git itself cannot be started. A command's "no" is its exit code. */
export function createGit(env: NodeJS.ProcessEnv): Git {
  return (repository, args, options = {}) =>
    new Promise((resolve, reject) => {
      const { input = '', env: more = {}, maxBytes = 1_048_576, limitMs = LIMIT_MS } = options;
      const { each } = options;
      const child = spawn('git', ['--git-dir', repository, ...args], {
        env: { ...env, ...more },
        stdio: ['pipe', 'pipe', 'pipe'],
        timeout: limitMs,
        killSignal: 'SIGKILL',
      });
      const parts: Buffer[] = [];
      let bytes = 0;
      let cut = false;
      let stderr = '';
      child.stdout.on('data', (part: Buffer) => {
        bytes += part.length;
        if (!each) parts.push(part);
        cut ||= each ? !each(part) : bytes > maxBytes;
        if (cut) child.kill('SIGKILL');
      });
      child.stderr.on('data', (part: Buffer) => {
        stderr = (stderr + part.toString()).slice(-MAX_ERROR_CHARS);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        const stdout = Buffer.concat(parts).subarray(0, maxBytes);
        resolve({ code, stdout, stderr, cut });
      });
      // A command that does not read its input, or ended before, is no mistake.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
}
