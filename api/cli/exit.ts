/** Exit codes, and how statuses and errors become one. Documented in docs/guides/cli.md. */
import type { Status } from '../../workflows/domain/run.js';

export const EXIT = {
  /** Done; of a run: succeeded. */
  good: 0,
  /** A check, a person or the API said no. */
  no: 1,
  /** The command line is wrong, or names something that does not exist. */
  usage: 2,
  /** Could not find out: the system, not the commit. */
  errored: 3,
  /** Not over: running, queued, or waiting for people. */
  waiting: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const OF_STATUS: Record<Status, ExitCode> = {
  pending: EXIT.waiting,
  running: EXIT.waiting,
  waiting: EXIT.waiting,
  succeeded: EXIT.good,
  failed: EXIT.no,
  rolledBack: EXIT.no,
  errored: EXIT.errored,
  cancelled: EXIT.no,
  skipped: EXIT.no,
  superseded: EXIT.no,
};

export function exitOf(status: Status): ExitCode {
  return OF_STATUS[status];
}

/** Something that the person at the command line must do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    readonly code: ExitCode,
    message: string,
    /** What to do next. */
    readonly help: string,
  ) {
    super(message);
  }
}

/** The problem as it is printed: RFC 9457 where the API said it. */
export interface Failure {
  code: ExitCode;
  error: { title: string; detail: string; help?: string; status?: number; type?: string };
}

/** Errors of the client are told by their names: loading the client costs time that --help has not. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof CliError) {
    const { message, help, code } = thrown;
    const title = code === EXIT.usage ? 'Wrong usage' : 'Not done';
    return { code, error: { title, detail: message, ...(help ? { help } : {}) } };
  }
  if (!(thrown instanceof Error)) return bug(String(thrown));
  if (thrown.name === 'ApiProblem') {
    const { problem } = thrown as Error & { problem: Failure['error'] };
    return { code: exitOfHttp(problem.status ?? 500), error: problem };
  }
  if (thrown.name === 'Unreachable') {
    const help = '"slipway doctor" shows what is wrong; "npm start" starts a stack.';
    return { code: EXIT.errored, error: { title: 'Unreachable', detail: thrown.message, help } };
  }
  if (thrown.name === 'ZodError') {
    const help = 'Use the CLI that came with the stack.';
    const detail = 'the API answered in a form that this CLI does not know';
    return { code: EXIT.errored, error: { title: 'Other version', detail, help } };
  }
  return bug(thrown.stack ?? thrown.message);
}

function exitOfHttp(status: number): ExitCode {
  if (status === 403 || status === 409) return EXIT.no;
  if (status === 401 || status === 429 || status >= 500) return EXIT.errored;
  return EXIT.usage;
}

function bug(detail: string): Failure {
  return { code: EXIT.errored, error: { title: 'A mistake of the CLI', detail } };
}
