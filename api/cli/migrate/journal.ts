/** What was migrated already, beside the file: a second start goes on where the first one ended. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { CliError, EXIT } from '../exit.js';

interface Header {
  /** sha256 of the file that is migrated, hexadecimal. */
  digest: string;
  /** Where its tickets go. */
  url: string;
  /** The copy that was made of it. */
  backup: string;
}

export interface Entry {
  id: string;
  outcome: 'created' | 'present';
}

export class Journal {
  /** By id; those that failed are not in it. */
  readonly done: Map<string, Entry['outcome']>;

  private constructor(
    readonly path: string,
    readonly header: Header,
    entries: readonly Entry[],
  ) {
    this.done = new Map(entries.map(({ id, outcome }) => [id, outcome]));
  }

  /**
   * The journal of this file and place; undefined when there is none yet.
   *
   * @throws {CliError} for the journal of another content or place.
   */
  static read(path: string, wanted: Omit<Header, 'backup'>): Journal | undefined {
    if (!existsSync(path)) return undefined;
    const [first, ...rest] = readFileSync(path, 'utf8').split('\n').flatMap(parse);
    const header = first as Header | undefined;
    if (header?.digest === wanted.digest && header.url === wanted.url) {
      return new Journal(path, header, rest as Entry[]);
    }
    const what = header?.digest === wanted.digest ? `went to ${header.url}` : 'had another content';
    throw new CliError(
      EXIT.usage,
      `${path} tells of a migration of this file when it ${what}`,
      'Go on with that file and place, or move the journal away to begin anew.',
    );
  }

  static begin(path: string, header: Header): Journal {
    writeFileSync(path, `${JSON.stringify(header)}\n`, { flag: 'wx', mode: 0o600 });
    return new Journal(path, header, []);
  }

  note(entry: Entry): void {
    this.done.set(entry.id, entry.outcome);
    appendFileSync(this.path, `${JSON.stringify(entry)}\n`);
  }
}

/** A line that was cut off by the end of its process is none: that ticket is sent again. */
function parse(line: string): unknown[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
