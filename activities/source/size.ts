/**
 * What a commit unpacks to, before anything is unpacked: a push of some kilobytes can name thousands of
 * millions of files, and one of some megabytes can hold files of terabytes. Counts as git lists, and
 * stops at the limits; git itself would hold the whole list in memory.
 */
import { spawn } from 'node:child_process';
import { short } from '../../workflows/domain/names.js';
import { SlipwayError } from '../platform/errors.js';
import { gitProgram } from './git.js';

export interface SizeLimits {
  files: number;
  /** Of all files together. */
  bytes: number;
}
/** 8 GiB. */
export const SIZE_LIMITS: SizeLimits = { files: 500_000, bytes: 8_589_934_592 };

/** The commit cannot be checked out here, however often it is tried. */
export class CommitTooLarge extends SlipwayError {
  override readonly code = 'commit-too-large';
}

/**
 * @throws {CommitTooLarge}
 * @throws {Error} when the commit cannot be listed.
 */
export async function checkSize(
  bare: string,
  commit: string,
  limits: SizeLimits = SIZE_LIMITS,
): Promise<void> {
  const { argv, options } = gitProgram(bare, ['ls-tree', '-r', '-l', '-z', commit]);
  const git = spawn('git', argv, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    git.once('error', reject);
    git.once('close', resolve);
  });
  ended.catch(() => {}); // Looked at below.
  const size = { files: 0, bytes: 0 };
  let open = '';
  try {
    for await (const part of git.stdout.setEncoding('latin1')) {
      const entries = `${open}${part}`.split('\0');
      open = entries.pop() ?? '';
      for (const entry of entries) add(size, entry);
      refuseAbove(limits, size, commit);
    }
  } finally {
    git.kill('SIGKILL');
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the files of ${short(commit)} cannot be listed`);
}

/** `100644 blob 8ab686e…     12\tpath`; what is no file has no size. */
function add(size: SizeLimits, entry: string): void {
  size.files++;
  size.bytes += Number(/^\d+ blob [0-9a-f]+ +(\d+)\t/.exec(entry)?.[1] ?? 0);
}

function refuseAbove(limits: SizeLimits, { files, bytes }: SizeLimits, commit: string): void {
  const what =
    files > limits.files
      ? `more than ${limits.files} files`
      : bytes > limits.bytes
        ? `files of more than ${limits.bytes} bytes`
        : undefined;
  if (what === undefined) return;
  throw new CommitTooLarge(
    `commit ${short(commit)} has ${what}`,
    'Keep large data outside of the repository.',
  );
}
