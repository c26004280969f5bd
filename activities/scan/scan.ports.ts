/** What scanning needs from outside: the files to look at, and tools that look at them. */
import type { Finding, Severity } from '../../workflows/domain/finding.js';
import type { Artifact } from '../../workflows/domain/release.js';
import type { StepContext } from '../../workflows/domain/step.js';

/** Which files are looked at. */
export type Subject =
  | { of: 'artifact'; artifact: Artifact }
  /** The commit's own files. */
  | { of: 'commit' }
  /** The commit's files with the artifacts of the step's needs on top: where SARIF files lie. */
  | { of: 'workspace' };

export interface Unpacked {
  /** Absolute. Its content is hostile: links may point anywhere. */
  folder: string;
  /** Removes the folder. Repeatable. */
  remove(): Promise<void>;
}

/** Owned by whoever keeps commits and artifacts. */
export interface Files {
  /**
   * Puts the files into a fresh folder; the caller removes it.
   *
   * @throws when the commit or an artifact cannot be read: "could not find out".
   */
  unpack(context: StepContext, subject: Subject): Promise<Unpacked>;
}

/** A file that should have been understood and was not. It makes the scan say no. */
export interface Refusal {
  path: string;
  /** Why, and what to do. Never holds text of the file. */
  why: string;
}

/** What one tool saw. */
export interface Scanned {
  /** At most MAX_FINDINGS; the gravest are kept. */
  findings: Finding[];
  /** Of all findings, kept or not. */
  counts: Partial<Record<Severity, number>>;
  refusals: Refusal[];
  /** One line for the summary: what was looked at, how old the data is. */
  summary: string;
  /** What a reader of the log should know: files left out, data too old. */
  notes: string[];
}

export interface Scanner {
  readonly name: 'secrets' | 'dependencies';
  /**
   * Looks at every file in `folder` and follows no link. Reads only. Rejects with the signal's reason
   * when it is aborted.
   *
   * @throws {DataUnreadable} when the tool's own data cannot be read: "could not find out".
   */
  scan(folder: string, signal: AbortSignal): Promise<Scanned>;
}

/** Findings kept of one tool; the rest is counted. */
export const MAX_FINDINGS = 5_000;

export class DataUnreadable extends Error {
  override readonly name = 'DataUnreadable';
}
