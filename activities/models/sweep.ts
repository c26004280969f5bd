/** What nobody came back for does not fill the disk for ever. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Part } from './part.js';

const DAY_MS = 86_400_000;
/** After its last change: bytes of what was not finished, and words of what was. */
const KEPT_DAYS = { bytes: 14, words: 1 };

export async function sweep(folder: string, nowMs = Date.now()): Promise<void> {
  const ids = await Part.ids(folder);
  for (const id of ids) {
    const part = await Part.find(folder, id);
    const { mtimeMs } = await stat(join(folder, `${id}.json`));
    const days = part?.state.state === 'done' ? KEPT_DAYS.words : KEPT_DAYS.bytes;
    if (nowMs - mtimeMs < days * DAY_MS) continue;
    await part?.remove();
    if (part === undefined) await rm(join(folder, `${id}.json`), { force: true });
  }
  const orphans = (await readdir(folder)).filter(
    (name) => name.endsWith('.part') && !ids.includes(name.slice(0, 32)),
  );
  for (const name of orphans) await rm(join(folder, name), { force: true });
}
