/**
 * `tickets migrate FILE.json`: tickets of another store into the one that is configured, through REST.
 * The file is checked as a whole and copied before anything is sent; a journal beside it makes a second
 * start go on; in the end every ticket is read back.
 */
import { createHash } from 'node:crypto';
import { constants, copyFileSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Ticket } from '../../../workflows/domain/ticket.js';
import type { Client } from '../../client/client.js';
import type { Given } from '../commands.table.js';
import { connect, findPlace } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import type { Context, Result } from '../io.js';
import { Journal } from '../migrate/journal.js';
import { Progress } from '../migrate/progress.js';
import { olderThanAYear, outcome, refusedBy, tryOut } from '../migrate/report.js';
import { ticketsOf } from '../migrate/source.js';
import { mappingOf } from '../migrate/words.js';
import { each, type Failed, type Patience } from '../migrate/work.js';

/** A file that is read into memory, bytes (512 MiB). */
const MAX_FILE_BYTES = 536_870_912;

interface Options {
  dryRun?: boolean;
  map?: string[];
}

export async function migrateCommand(
  context: Context,
  { args, options }: Given<Options>,
  pause?: Patience['pause'],
): Promise<Result> {
  const { io } = context;
  const file = resolve(io.cwd, args[0] ?? '');
  const mapping = mappingOf(options.map);
  const { store, digest } = readStore(file);
  const client = options.dryRun ? undefined : await connect(context);
  const importer = client === undefined ? 'importer' : (await client.users.me()).login;
  const { tickets, findings } = readable(file, () => ticketsOf(store, mapping, importer));
  if (findings.length > 0) return refusedBy(file, tickets, findings);
  if (client === undefined) return tryOut(file, tickets);
  const { url } = findPlace(io);
  const path = `${file}.journal`;
  const journal =
    Journal.read(path, { digest, url }) ??
    Journal.begin(path, { digest, url, backup: backUp(file, digest) });
  const patience = { interrupted: io.interrupted, ...(pause && { pause }) };
  const sent = await send({ context, client, tickets, journal, patience });
  const seen = sent.isThrough
    ? await verify({ context, client, tickets, journal, patience })
    : { verified: 0, failed: [], isThrough: false };
  const errors = [...sent.failed, ...seen.failed];
  const outcomes = [...journal.done.values()];
  return outcome({
    file,
    backup: journal.header.backup,
    journal: journal.path,
    tickets: tickets.length,
    olderThanAYear: olderThanAYear(tickets),
    created: outcomes.filter((one) => one === 'created').length,
    present: outcomes.filter((one) => one === 'present').length,
    verified: seen.verified,
    findings: [],
    errors,
    isComplete: sent.isThrough && seen.isThrough && errors.length === 0,
  });
}

interface Migration {
  context: Context;
  client: Client;
  tickets: Ticket[];
  journal: Journal;
  patience: Patience;
}

async function send({ context, client, tickets, journal, patience }: Migration) {
  const open = tickets.filter(({ id }) => !journal.done.has(id));
  if (open.length < tickets.length) {
    context.io.err(`going on: ${tickets.length - open.length} of ${tickets.length} are done`);
  }
  const progress = new Progress(context, 'tickets', open.length);
  return each(
    open,
    async ({ id, conversationId: _none, ...ticket }) => {
      const { outcome: how } = await client.tickets.import(id, ticket);
      journal.note({ id, outcome: how });
      progress.step();
    },
    patience,
  );
}

/** What was sent must be there, as it was; what people did with it since is theirs. */
async function verify({ context, client, tickets, journal, patience }: Migration) {
  const sent = tickets.filter(({ id }) => journal.done.has(id));
  const progress = new Progress(context, 'verified', sent.length);
  const different: Failed[] = [];
  let verified = 0;
  const looked = await each(
    sent,
    async (ticket) => {
      const there = await client.tickets.get(ticket.id);
      const fields = differences(ticket, there);
      if (fields.length > 0) different.push(notTheSame(ticket.id, fields));
      else verified++;
      progress.step();
    },
    patience,
  );
  return { verified, failed: [...looked.failed, ...different], isThrough: looked.isThrough };
}

function differences(wanted: Ticket, there: Ticket): string[] {
  const isWorkedOn = there.updatedAt > wanted.updatedAt;
  return (Object.keys(wanted) as (keyof Ticket)[]).filter((field) => {
    if (isWorkedOn && (field === 'status' || field === 'updatedAt')) return false;
    return !isDeepStrictEqual(plain(wanted[field]), plain(there[field]));
  });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

function notTheSame(id: string, fields: string[]): Failed {
  return { id, code: 'different', message: `${fields.join(', ')} is not as in the file` };
}

function readStore(file: string): { store: unknown; digest: string } {
  return readable(file, () => {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes; at most ${MAX_FILE_BYTES}`);
    const bytes = readFileSync(file);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const digest = createHash('sha256').update(bytes).digest('hex');
    return { store: JSON.parse(text) as unknown, digest };
  });
}

/** @throws {CliError} that names the file. */
function readable<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CliError) throw error;
    const words = (error as Error).message;
    throw new CliError(
      EXIT.usage,
      `${file} cannot be migrated: ${words}`,
      'It must be JSON in UTF-8: a list of tickets, an object by id, or {"tickets": …}.',
    );
  }
}

/** A copy beside the file, checked; never over an earlier one. */
function backUp(file: string, digest: string): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, 'Z');
  const backup = `${file}.backup-${stamp}-${digest.slice(0, 8)}`;
  try {
    copyFileSync(file, backup, constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (createHash('sha256').update(readFileSync(backup)).digest('hex') === digest) return backup;
  const help = 'Nothing was sent. Look at the disk, remove that copy, and start again.';
  throw new CliError(EXIT.errored, `the copy ${backup} is not the same as the file`, help);
}
