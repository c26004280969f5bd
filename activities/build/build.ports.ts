/** What running a repository's commands needs from the outside. */
import type { Readable } from 'node:stream';

/** The users' repositories, as far as a step needs them. The source room's `Source` is one. */
export interface Checkouts {
  /**
   * Brings the commit's files into being at `folder`, which must not exist.
   *
   * @throws {ApplicationFailure} `StepErrored`.
   */
  checkout(at: { repository: string; commit: string; folder: string }): Promise<void>;
  /** True when the checkout at `folder` is certainly as it was made. Nobody may be using it. */
  isPristine(folder: string): boolean;
  /** Folders outside of a checkout that its git reads, and never writes. */
  readFrom(repository: string): string[];
}

/** Whose files a step's are, where that is not the worker's own user. */
export interface Owner {
  uid: number;
  gid: number;
}

/** What a step reaches: all but our loopback, or nothing. */
export type Network = 'default' | 'none';

/** The secrets that steps name. The secrets room gives them. */
export interface StepSecrets {
  /**
   * All of these, by name; or why not, in names only, written for the author of the commit.
   *
   * @throws {SlipwayError} when we cannot find out.
   */
  give(
    names: readonly string[],
    asker: { repository: string; branch: string | null; stage: string | undefined },
  ): Promise<{ ok: true; values: Record<string, string> } | { ok: false; reason: string }>;
}

export interface Shell {
  /** Absolute. */
  path: string;
  /** `bash` knows pipefail and file descriptors of three digits; `sh` is whatever POSIX promises. */
  kind: 'bash' | 'sh';
}

/** Where a step's commands run, and how everything that they start is ended. */
export interface Executor {
  /** With which every step's log begins. Says what is not protected, where something is not. */
  readonly notice: string;
  /** Whose the files of workspaces must be; undefined: the worker's own user. */
  readonly owner: Owner | undefined;
  /** Why it cannot give a program this network, and what to do; undefined when it can. */
  refusalOf(network: Network): string | undefined;
  /** @throws {Error} that says what to install, when there is none. */
  shell(): Promise<Shell>;
  /**
   * Starts a program in a process group of its own, with nothing to read.
   *
   * @throws {Error} with the `code` of the system when it cannot be started.
   */
  start(program: Program): Promise<Started>;
  /** Makes the files of a folder of ours the steps' own, after we wrote there. Repeatable. */
  handOver(folder: string): Promise<void>;
  /** Ends what it keeps for programs to come. Nothing may be running. */
  close(): Promise<void>;
}

export interface Program {
  /** The program, then its arguments. */
  argv: [string, ...string[]];
  folder: string;
  /** All of its environment. SLIPWAY_OUTPUT tells its processes from all others of the machine. */
  env: Record<string, string>;
  /** Holds all that it may write; absolute. */
  writable: string;
  /** Folders of ours that it may read; absolute. */
  readable: string[];
  network: Network;
  /** Stays reachable at this URL, whatever the network. */
  stageUrl?: string | undefined;
}

export interface Exit {
  /** Null when a signal ended the program, and we know that. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

export interface Started {
  stdout: Readable;
  stderr: Readable;
  /**
   * When the program itself has ended; what it started may still run. A shell's way of saying that a
   * signal ended it is an exit code of 128 and the signal's number. Rejects when that is lost.
   */
  ended: Promise<Exit>;
  /** True while somebody is left in the group. */
  lives(): boolean;
  /** Sends to the whole group. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Ends processes that left the group, as far as they can be found: soon, or now if urgent. */
  endStragglers(isUrgent: boolean): Promise<void>;
  /**
   * After it ended: which limit it met, its value and how to change it, for the author of the commit.
   * Undefined when it met none.
   */
  limitMet(exit: Exit): string | undefined;
  /** Nothing of it runs any more: forget it. */
  release(): void;
}
