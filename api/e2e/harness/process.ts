/** A process of a scenario: what it said, how it ended, and that it is gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';

/** Longest that any process of a scenario may take, and longest wait for its words. Milliseconds. */
const LIMIT_MS = 120_000;
const WORDS_LIMIT_MS = 60_000;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  /** Everything said so far, both streams in order of arrival. */
  said: () => string;
  /** Resolves with the match as soon as the process said it. */
  says: (what: RegExp, limitMs?: number) => Promise<RegExpMatchArray>;
  ended: Promise<Ended>;
  /** Ctrl-C: reaches the process and its children. */
  interrupt: () => void;
}

export function start(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Started {
  const child = spawn(command, args, {
    ...options,
    detached: true, // A process group of its own, like a command in a terminal.
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let all = '';
  const listeners = new Set<() => void>();
  const take = (text: string): void => {
    all += text;
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    take(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    take(text);
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const says = (what: RegExp, limitMs = WORDS_LIMIT_MS): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(late);
        listeners.delete(look);
        act();
      };
      const look = (): void => {
        const match = all.match(what);
        if (match) finish(() => resolve(match));
      };
      const late = setTimeout(
        () => finish(() => reject(new Error(`never said ${what} but:\n${all.slice(-4_000)}`))),
        limitMs,
      );
      listeners.add(look);
      void ended.then(({ code }) => {
        look();
        finish(() =>
          reject(new Error(`ended with ${code} before it said ${what}:\n${all.slice(-4_000)}`)),
        );
      });
      look();
    });
  const interrupt = (): void => {
    if (child.pid) process.kill(-child.pid, 'SIGINT');
  };
  return { child, said: () => all, says, ended, interrupt };
}

/** Runs a command to its end. */
export async function finish(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const started = start(command, args, options);
  const late = setTimeout(() => started.child.kill('SIGKILL'), LIMIT_MS);
  const ended = await started.ended;
  clearTimeout(late);
  return ended;
}
