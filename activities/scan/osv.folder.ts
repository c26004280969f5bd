/** A folder of OSV JSON files as one database, read once and again when its index changes. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../platform/package-root.js';
import { Advisory, packagesOf } from './osv.js';
import { DataUnreadable } from './scan.ports.js';

/** Files of one folder. All of OSV's npm part is larger: give the part without malware reports. */
const MAX_ADVISORIES = 100_000;
/** One advisory, bytes. */
const MAX_ADVISORY_BYTES = 4_194_304;
/** Files read at once. */
const READERS = 16;

export interface OsvData {
  /** Package name -> what is known about it. */
  byPackage: Map<string, Advisory[]>;
  advisories: number;
  /** The day that the data is of: `index.json`'s `date`, else the newest `modified`. YYYY-MM-DD. */
  date: string;
}

const Index = z.object({ date: z.iso.date() });

/** The small snapshot that we ship: in the sources, also for dist/, which has no JSON files. */
export function shippedOsv(): string {
  return join(packageRoot(), 'activities/scan/osv');
}

export class OsvFolder {
  private loaded: { stamp: number; data: Promise<OsvData> } | undefined;

  constructor(private readonly folder: string) {}

  /** @throws {DataUnreadable} that names the file which is no OSV file. */
  async data(): Promise<OsvData> {
    const stamp = await this.stamp();
    if (this.loaded?.stamp !== stamp) {
      const data = this.load();
      this.loaded = { stamp, data };
      data.catch(() => {
        this.loaded = undefined;
      });
    }
    return this.loaded.data;
  }

  private async stamp(): Promise<number> {
    try {
      const index = await stat(join(this.folder, 'index.json')).catch(() => undefined);
      return Math.max((await stat(this.folder)).mtimeMs, index?.mtimeMs ?? 0);
    } catch (cause) {
      throw this.unreadable('cannot be read', cause);
    }
  }

  private async load(): Promise<OsvData> {
    const names = (await readdir(this.folder)).filter((n) => n.endsWith('.json'));
    if (names.length > MAX_ADVISORIES) {
      throw this.unreadable(`holds more than ${MAX_ADVISORIES} files`);
    }
    const files = names.filter((name) => name !== 'index.json').sort();
    const data: OsvData = { byPackage: new Map(), advisories: 0, date: '' };
    let newest = '';
    const reader = async (): Promise<void> => {
      for (let name = files.pop(); name !== undefined; name = files.pop()) {
        const advisory = await this.read(name, Advisory);
        const packages = packagesOf(advisory);
        if (packages.length > 0) data.advisories++;
        for (const of of packages) {
          data.byPackage.set(of, [...(data.byPackage.get(of) ?? []), advisory]);
        }
        if (advisory.modified > newest) newest = advisory.modified;
      }
    };
    await Promise.all(Array.from({ length: READERS }, reader));
    if (names.includes('index.json')) newest = (await this.read('index.json', Index)).date;
    if (newest === '') throw this.unreadable('holds no OSV file');
    return { ...data, date: newest.slice(0, 10) };
  }

  private async read<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    const path = join(this.folder, name);
    try {
      const { size } = await stat(path);
      if (size > MAX_ADVISORY_BYTES) throw new Error(`larger than ${MAX_ADVISORY_BYTES} bytes`);
      return schema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (cause) {
      throw this.unreadable(`holds "${name}", which is no OSV file`, cause);
    }
  }

  private unreadable(what: string, cause?: unknown): DataUnreadable {
    return new DataUnreadable(
      `the OSV data "${this.folder}" ${what}; set SLIPWAY_OSV_DATA to a folder of OSV JSON files`,
      { cause },
    );
  }
}
