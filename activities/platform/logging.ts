/** One JSON line per event on stdout, and never a secret in it. */
import { type DestinationStream, type Level, type Logger, pino } from 'pino';

export type Log = Logger;

/** Fields that are never printed, at the top of an event and one level below. */
const SECRET_FIELDS = ['token', 'password', 'authorization', 'cookie', 'secret', 'DATABASE_URL'];

/** What errors of PostgreSQL and TypeORM say of a row: it holds words of people. */
const ROW_FIELDS = ['detail', 'where', 'parameters', 'query', 'internalQuery', 'driverError'];

/** Secrets inside longer text, and what is printed instead. */
const SECRET_TEXTS: [RegExp, string][] = [
  [/slp_[A-Za-z0-9_-]{43}/g, 'slp_[hidden]'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s@/"]+@/gi, '$1:[hidden]@'],
  [/\b(Bearer|Basic) [A-Za-z0-9+/=._~-]+/g, '$1 [hidden]'],
];

/** Lines that are kept while they cannot be written; further ones are dropped. Bytes. */
const MAX_UNWRITTEN_BYTES = 1_048_576;

/**
 * Where the lines of a process go. A line that cannot be written (the disk is full, the reader is
 * gone) is written with a later one, or lost: it never ends the process that says it.
 */
export function logOutput(fd = 1): DestinationStream {
  const out = pino.destination({ fd, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  out.on('error', () => {});
  return out;
}

/** Takes our tokens, passwords in URLs and Authorization values out of a text. */
export function hideSecrets(text: string): string {
  return SECRET_TEXTS.reduce((rest, [secret, shown]) => rest.replace(secret, shown), text);
}

/** @param process shown with every event: `api`, `worker`, `reconciler`. */
export function createLog(
  process: string,
  level: Level,
  out: DestinationStream = logOutput(),
): Log {
  const options = {
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [
        ...SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
        ...ROW_FIELDS.map((field) => `err.${field}`),
      ],
      censor: '[hidden]',
    },
  };
  return pino(options, { write: (line) => out.write(hideSecrets(line)) });
}
