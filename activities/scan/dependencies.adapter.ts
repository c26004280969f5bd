/** Known-vulnerable npm packages: what the lock files name, against OSV data of a known age. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../workflows/domain/finding.js';
import { oneLine } from '../platform/one-line.js';
import { counted, kept } from './counting.js';
import { walk } from './files.walk.js';
import { type LockedPackage, MAX_LOCK_BYTES, readLock } from './lockfile.js';
import { type OsvData, OsvFolder, shippedOsv } from './osv.folder.js';
import { affects, severityOf } from './osv.js';
import type { Refusal, Scanned, Scanner } from './scan.ports.js';

/** Older data gets a warning, days. */
export const MAX_DATA_AGE_DAYS = 30;
const DAY_MS = 86_400_000;
/** Beside each other in one folder, npm takes the first: a shrinkwrap. */
const LOCK = /(^|\/)(package-lock\.json|npm-shrinkwrap\.json)$/;
/** What npm leaves in an installed folder; the only trace in an archive without a lock file. */
const HIDDEN_LOCK = /(^|\/)node_modules\/\.package-lock\.json$/;

export class OsvScanner implements Scanner {
  readonly name = 'dependencies';
  private readonly source: OsvFolder;

  /** @param folder of OSV JSON files; empty: the small snapshot that we ship. */
  constructor(
    folder = '',
    private readonly now: () => Date = () => new Date(),
  ) {
    this.source = new OsvFolder(folder || shippedOsv());
  }

  async scan(folder: string, signal: AbortSignal): Promise<Scanned> {
    const data = await this.source.data();
    const locks = await lockFiles(folder);
    const findings: Finding[] = [];
    const refusals: Refusal[] = [];
    let packages = 0;
    for (const path of locks) {
      signal.throwIfAborted();
      const text = await textOf(join(folder, path));
      const lock = text === undefined ? { why: 'is larger than 32 MiB' } : readLock(text);
      if ('why' in lock) {
        refusals.push({ path: oneLine(path, 1_000), why: lock.why });
        continue;
      }
      packages += lock.packages.length;
      findings.push(...vulnerable(lock.packages, path, data));
    }
    const seen = `${counted(packages, 'package')} in ${counted(locks.length, 'lock file')}`;
    return {
      ...kept(findings),
      refusals,
      summary: `${locks.length === 0 ? 'no lock file to look at' : seen}, ${this.ageOf(data)}`,
      notes: [],
    };
  }

  /** Data that nobody renewed finds nothing new, and says so. */
  private ageOf({ date, advisories }: OsvData): string {
    const passed = this.now().getTime() - Date.parse(`${date}T00:00:00Z`);
    const days = Math.max(0, Math.floor(passed / DAY_MS));
    const size = advisories === 1 ? '1 advisory' : `${advisories} advisories`;
    const age = `OSV data of ${date}, ${size}, ${counted(days, 'day')} old`;
    if (days <= MAX_DATA_AGE_DAYS) return age;
    return `${age} (older than ${MAX_DATA_AGE_DAYS} days: renew it)`;
  }
}

function vulnerable(packages: LockedPackage[], path: string, data: OsvData): Finding[] {
  const seen = new Set<string>();
  return packages.flatMap((locked) => {
    const { name, version, isDev } = locked;
    return (data.byPackage.get(name) ?? []).flatMap((advisory): Finding[] => {
      const hit = affects(advisory, name, version);
      const key = `${advisory.id} ${name} ${version}`;
      if (!hit || seen.has(key)) return [];
      seen.add(key);
      const what = `${name} ${version}${isDev ? ' (development only)' : ''}`;
      const fix = hit.fixed ? `fixed in ${hit.fixed}` : 'no fixed version is known';
      const message = `${what}: ${advisory.summary ?? 'a known vulnerability'}; ${fix}`;
      return [
        {
          tool: 'dependencies',
          rule: oneLine(advisory.id, 200),
          severity: severityOf(advisory),
          message: oneLine(message, 1_000),
          path: oneLine(path, 1_000),
          ...(locked.line > 0 ? { line: locked.line } : {}),
        },
      ];
    });
  });
}

async function lockFiles(folder: string): Promise<string[]> {
  const isInstalled = (path: string): boolean => /(^|\/)node_modules(\/|$)/.test(path);
  const { paths } = await walk(
    folder,
    (path) => HIDDEN_LOCK.test(path) || (LOCK.test(path) && !isInstalled(path)),
    (path) => !/(^|\/)node_modules\//.test(path),
  );
  return paths.filter((path) => {
    const shrinkwrap = path.replace(/package-lock\.json$/, 'npm-shrinkwrap.json');
    return shrinkwrap === path || !paths.includes(shrinkwrap);
  });
}

async function textOf(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return size > MAX_LOCK_BYTES ? undefined : await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
