/** Trouble of the machine itself: what it has run out of, and who must act. Never a commit's fault. */
import { statfsSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import { SlipwayError, wordsOf } from './errors.js';

/** The machine has run out of something. Trying again later is right. */
export class MachineTrouble extends SlipwayError {
  override readonly code = 'machine-trouble';
}

interface Kind {
  codes: string[];
  /** As programs say it that we call. */
  words: RegExp;
  what: string;
  help: string;
}

const GOES_ON = 'Slipway goes on by itself then.';

const KINDS: Kind[] = [
  {
    codes: ['ENOSPC', 'EDQUOT', '53100'],
    words: /No space left on device|Disk quota exceeded|database or disk is full/i,
    what: 'no space is left on the disk',
    help: `Make room on it ("slipway doctor" shows how much there is); ${GOES_ON}`,
  },
  {
    codes: ['EMFILE', 'ENFILE'],
    words: /Too many open files/i,
    what: 'no file descriptor is left',
    help: `Raise the limit ("ulimit -n") where Slipway is started, or ask for less at once; ${GOES_ON}`,
  },
  {
    codes: ['EROFS', 'EIO'],
    words: /Read-only file system|Input\/output error/i,
    what: 'the disk cannot be read or written',
    help: `Look at the disk and at the kernel's log; ${GOES_ON}`,
  },
  {
    codes: ['ENOMEM'],
    words: /Cannot allocate memory|fork: Resource temporarily unavailable/i,
    what: 'no memory or no process is left',
    help: `Look at what else runs on this machine; ${GOES_ON}`,
  },
];

/** With less than this a disk counts as full. Bytes (1 MiB). */
const MIN_FREE_BYTES = 1_048_576;
/** How many causes behind an error are looked at. */
const MAX_DEPTH = 6;

/**
 * What the machine has run out of, when that is what stands behind an error; else undefined.
 *
 * @param thrown whatever was caught; its causes count, too.
 * @param place a path on the disk in question, where the error itself names none.
 */
export function machineTrouble(thrown: unknown, place?: string): MachineTrouble | undefined {
  let error = thrown;
  for (let depth = 0; depth < MAX_DEPTH && isNativeError(error); depth++) {
    if (error instanceof MachineTrouble) return error;
    const kind = kindOf(error);
    if (kind) return troubleOf(kind, error, place);
    error = error.cause;
  }
  return undefined;
}

/**
 * That the disk which holds `path` is full, for ends that programs of others do not explain.
 *
 * @param needBytes what must be free; default 1 MiB.
 */
export function diskTrouble(path: string, needBytes = MIN_FREE_BYTES): MachineTrouble | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    if (bavail * bsize >= needBytes) return undefined;
    const full = Object.assign(new Error(`${bavail * bsize} bytes are free`), { code: 'ENOSPC' });
    return machineTrouble(full, path);
  } catch {
    return undefined; // That cannot be found out is no proof of a full disk.
  }
}

function kindOf(error: Error): Kind | undefined {
  const { code, syscall = '' } = error as NodeJS.ErrnoException;
  if (code === 'EAGAIN' && syscall.startsWith('spawn')) return KINDS.at(-1);
  return KINDS.find(({ codes, words }) => codes.includes(code ?? '') || words.test(error.message));
}

function troubleOf({ what, help }: Kind, error: Error, place?: string): MachineTrouble {
  const { path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const named = dest ?? path ?? place;
  const where = named !== undefined && what.endsWith('disk') ? ` that holds "${named}"` : '';
  return new MachineTrouble(`${what}${where}: ${wordsOf(error)}`, help, { cause: error });
}
