/** Files and scanners for tests. They say what they are told, and break on request. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StepContext } from '../../workflows/domain/step.js';
import type { Files, Scanned, Scanner, Subject, Unpacked } from './scan.ports.js';

export class FakeFiles implements Files {
  /** What was asked for, in order. */
  readonly asked: Subject[] = [];
  /** Folders that were handed out and not removed. */
  readonly open = new Set<string>();
  /** The next call fails with it. */
  refusal: Error | undefined;

  constructor(private readonly texts: Record<string, string> = {}) {}

  async unpack(_context: StepContext, subject: Subject): Promise<Unpacked> {
    this.asked.push(subject);
    if (this.refusal) throw this.refusal;
    const folder = await folderOf(this.texts);
    this.open.add(folder);
    const remove = async () => {
      await rm(folder, { recursive: true, force: true });
      this.open.delete(folder);
    };
    return { folder, remove };
  }
}

const made = new Set<string>();

/** A new folder below the system's temporary one with these texts in it. */
export async function folderOf(texts: Record<string, string | Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-scan-'));
  made.add(folder);
  for (const [path, text] of Object.entries(texts)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return folder;
}

/** Removes every folder that folderOf made. */
export async function removeFolders(): Promise<void> {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
  made.clear();
}

export class FakeScanner implements Scanner {
  /** Set it to make every scan fail with it: its data is gone. */
  refusal: Error | undefined;
  /** Set it to make every scan wait until it is aborted. */
  hangs = false;

  constructor(
    readonly name: Scanner['name'],
    private readonly seen: Partial<Scanned> = {},
  ) {}

  async scan(_folder: string, signal: AbortSignal): Promise<Scanned> {
    if (this.refusal) throw this.refusal;
    if (this.hangs) await untilAborted(signal);
    const counts: Scanned['counts'] = {};
    for (const { severity } of this.seen.findings ?? []) {
      counts[severity] = (counts[severity] ?? 0) + 1;
    }
    const nothing = { findings: [], counts, refusals: [], notes: [], summary: `${this.name} ran` };
    return { ...nothing, ...this.seen };
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
