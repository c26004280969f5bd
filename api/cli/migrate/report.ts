/** What a migration did, for people and for machines. */

import type { Ticket } from '../../../workflows/domain/ticket.js';
import { EXIT, type ExitCode } from '../exit.js';
import type { Result } from '../io.js';
import type { Finding } from './source.js';
import type { Failed } from './work.js';

/** Lines of one kind that people are shown; --json has all of them. */
const MAX_LINES = 50;
/** As long as retention keeps tickets by default. Milliseconds (365 days). */
const YEAR_MS = 31_536_000_000;

export interface MigrationReport {
  file: string;
  /** Null when nothing was to be written. */
  backup: string | null;
  journal: string | null;
  tickets: number;
  /** Of those, last changed more than a year ago: retention deletes them the next night. */
  olderThanAYear: number;
  /** Sent now or earlier, by how they were found. */
  created: number;
  present: number;
  /** Read back, and as they were in the file; or worked on by people since. */
  verified: number;
  findings: Finding[];
  /** By id: what could not be sent, or is not there as it was. */
  errors: Failed[];
  /** False: start it again to go on. */
  isComplete: boolean;
}

export function refusedBy(file: string, tickets: Ticket[], findings: Finding[]): Result {
  const of = new Set(findings.map(({ ticket }) => ticket)).size;
  const json = { ...empty(file, tickets), findings };
  const said = findings.map(({ ticket, field, message }) => `${ticket} ${field}: ${message}`);
  const head = `${of} of ${tickets.length + of} tickets cannot be migrated as they are; nothing was written`;
  const help = 'Correct the file; "--map status:escalated=in-progress" maps a word.';
  return { code: EXIT.no, json, lines: [head, ...shortened(said), help] };
}

export function tryOut(file: string, tickets: Ticket[]): Result {
  const json = empty(file, tickets);
  const head = `${tickets.length} tickets can be migrated; nothing was written (--dry-run)`;
  return { code: EXIT.good, json, lines: [head, ...warningOf(json)] };
}

export function outcome(report: MigrationReport): Result {
  const { tickets, created, present, verified, errors, isComplete } = report;
  const lines = [
    `${tickets} tickets: ${created} created, ${present} were there already, ${verified} read back and the same`,
    ...shortened(errors.map(({ id, code, message }) => `not ${id}: ${code}: ${message}`)),
    ...warningOf(report),
    ...(report.backup === null ? [] : [`backup: ${report.backup}`]),
    ...(isComplete ? [] : ['Start it again to go on: what was done is not done again.']),
  ];
  return { code: codeOf(report), json: report, lines };
}

/** A conflict is a no; whatever else went wrong may be well with the next start. */
function codeOf({ isComplete, errors }: MigrationReport): ExitCode {
  if (isComplete) return EXIT.good;
  const isNo = errors.length > 0 && errors.every(({ code }) => NO.includes(code));
  return isNo ? EXIT.no : EXIT.errored;
}
const NO = ['ticket-exists', 'different', 'bad-input'];

function empty(file: string, tickets: Ticket[]): MigrationReport {
  return {
    ...{ file, backup: null, journal: null, tickets: tickets.length, created: 0, present: 0 },
    ...{ verified: 0, findings: [], errors: [], isComplete: false },
    olderThanAYear: olderThanAYear(tickets),
  };
}

export function olderThanAYear(tickets: readonly Ticket[]): number {
  const limit = new Date(Date.now() - YEAR_MS).toISOString();
  return tickets.filter(({ updatedAt }) => updatedAt < limit).length;
}

function warningOf({ olderThanAYear: old }: MigrationReport): string[] {
  if (old === 0) return [];
  return [
    `${old} were last changed more than a year ago: retention deletes them the next night, ` +
      'unless SLIPWAY_RETENTION_YEAR_DAYS of the worker is more than 365',
  ];
}

function shortened(lines: string[]): string[] {
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more; --json has all`];
}
