/** Git as we call it: nothing of the machine's or a user's configuration reaches it, and it never asks. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Longest time of one git process, milliseconds. */
const GIT_LIMIT_MS = 300_000;
/** What one git process may print, bytes. */
const MAX_PRINTED_BYTES = 268_435_456;

const ENVIRONMENT = {
  PATH: process.env['PATH'],
  LC_ALL: 'C',
  HOME: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'false',
  GIT_SSH_COMMAND: 'false',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ADVICE: '0',
};

/** What a pushed repository could turn against us stays off, whatever its own configuration says. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.allow=never',
  // Larger files are streamed, and compared without reading their lines.
  'core.bigFileThreshold=16m',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

export class GitFailed extends Error {
  override readonly name = 'GitFailed';
}

/** How git is called in `folder`, for callers that read while it prints. */
export function gitProgram(folder: string, args: string[]) {
  const options = { env: ENVIRONMENT, timeout: GIT_LIMIT_MS, killSignal: 'SIGKILL' } as const;
  return { argv: [...SETTINGS, '-C', folder, ...args], options };
}

/** Returns what git prints. @throws {GitFailed} with git's own words. */
export async function git(folder: string, args: string[]): Promise<string> {
  const { argv, options } = gitProgram(folder, args);
  try {
    const { stdout } = await run('git', argv, { ...options, maxBuffer: MAX_PRINTED_BYTES });
    return stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const words = stderr?.trim() || message;
    throw new GitFailed(`git ${args[0]} in "${folder}": ${words}`, { cause: error });
  }
}
