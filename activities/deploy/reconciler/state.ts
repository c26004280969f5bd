/** What a stage writes down for the reconciler that comes after this one. Whole or not at all. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceRecord } from './instance.js';

export interface StageFile {
  /** The stable port; 0 before the first start. */
  port: number;
  /** The instance that gets the traffic. */
  serving: InstanceRecord | null;
  /** Instances that are being started or ended. */
  others: InstanceRecord[];
}

const NAME = 'stage.json';

export function readStage(folder: string): StageFile {
  try {
    return JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as StageFile;
  } catch {
    return { port: 0, serving: null, others: [] };
  }
}

export function writeStage(folder: string, stage: StageFile): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, NAME);
  writeFileSync(`${file}.new`, JSON.stringify(stage), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
