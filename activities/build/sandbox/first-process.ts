/** The first process of a step's own PID namespace: while it lives others may, and none outlives it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { groupLives, send } from '../processes.js';

/** How often we look whether it is gone, and how often at most. */
const LOOK_MS = 5;
const MAX_LOOKS = 2_000;
/** Processes may be begun while we look: we look again while we find some, this often at most. */
const MAX_TERM_LOOKS = 5;
/** Of the flags of a process: it is ending, and has closed its files already or does so. */
const EXITING = 0x4;

export class FirstProcess {
  private pid: number | undefined;

  /**
   * @param group that it belongs to.
   * @param file where bubblewrap writes its pid down before anything of the step runs.
   */
  constructor(
    private readonly group: number,
    private readonly file: string,
  ) {}

  /**
   * False once it ends by itself: it waits for all others to end before it does. Its walls are taken
   * down after that, which takes longer, and nobody has to wait for that.
   */
  lives(): boolean {
    const stat = this.stat();
    if (stat === undefined) return groupLives(this.group);
    return stat !== 'gone' && (stat.flags & EXITING) === 0;
  }

  /** Asks all others to end, also those that left the group. */
  terminate(): void {
    const own = this.stat() && namespaceOf(this.pid ?? 0);
    if (own === undefined) {
      send(-this.group, 'SIGTERM');
      return;
    }
    const asked = new Set([this.pid]);
    for (let look = 0; look < MAX_TERM_LOOKS; look++) {
      const others = readdirSync('/proc')
        .map(Number)
        .filter((pid) => pid > 0 && !asked.has(pid));
      const found = others.filter((pid) => namespaceOf(pid) === own);
      if (found.length === 0) return;
      for (const pid of found) {
        asked.add(pid);
        send(pid, 'SIGTERM');
      }
    }
  }

  /** Resolves when nothing is left, however it ended; false when somebody is still there. */
  async gone(): Promise<boolean> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      const stat = this.stat();
      if (stat === undefined ? !groupLives(this.group) : stat === 'gone') return true;
      await pause(LOOK_MS);
    }
    return false;
  }

  /** It is not asked for any more. */
  forget(): void {
    void rm(this.file, { force: true }).catch(() => {});
  }

  /** Undefined while its pid is not known. */
  private stat(): 'gone' | { flags: number } | undefined {
    this.pid ??= pidIn(this.file);
    if (this.pid === undefined) return undefined;
    const stat = readOrEmpty(`/proc/${this.pid}/stat`);
    // After `PID (NAME) `, where the name may hold anything: STATE PARENT GROUP …; see proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isIt = Number(fields[2]) === this.group && fields[0] !== 'Z' && fields[0] !== 'X';
    return isIt ? { flags: Number(fields[6]) } : 'gone';
  }
}

/** Undefined for a process that has just ended, or is none. */
function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function pidIn(file: string): number | undefined {
  const pid = /"child-pid": *(\d+)/.exec(readOrEmpty(file))?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
