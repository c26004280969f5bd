/** What a command is given, and what it gives back. Commands print nothing themselves but progress. */
import type { ExitCode } from './exit.js';

/** The outside of the process, so that tests can be one. */
export interface Io {
  /** A line on stdout. In --json mode only the one document goes there. */
  out(line: string): void;
  /** A line on stderr. */
  err(line: string): void;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Where a live display may be drawn; undefined in pipes and CI. */
  terminal: NodeJS.WriteStream | undefined;
  colour: boolean;
  /** A secret from standard input; a person is asked, and it is not shown. @throws {CliError} */
  secret(prompt: string): Promise<string>;
  /** Aborted by Ctrl-C. */
  interrupted: AbortSignal;
}

export interface Context {
  io: Io;
  /** One JSON document on stdout, and nothing else. */
  json: boolean;
}

export interface Result {
  code: ExitCode;
  /** The document of --json. Lists are `{items, next}`. */
  json: unknown;
  /** What people read. */
  lines: string[];
}

/** A list as both. */
export function listed<T>(
  page: { items: readonly T[]; next: string | null },
  lines: string[],
): Result {
  const more = page.next === null ? [] : [`more: --cursor ${page.next}`];
  return { code: 0, json: page, lines: [...lines, ...more] };
}
