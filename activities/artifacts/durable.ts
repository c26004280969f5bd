/** Writing files that are either wholly there or not at all, also after a power cut. */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Moves `from` to `to`: durable when it returns, never half there. Replaces what is at `to`. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await sync(from);
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyDurably(from, to);
  }
  await sync(dirname(to));
}

/** Writes `text` to `to`: durable when it returns, never half there. */
export async function writeDurably(to: string, text: string): Promise<void> {
  await wholeOrNothing(to, async (partial) => {
    const file = await open(partial, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
  await sync(dirname(to));
}

/** From another file system, where a rename cannot reach. */
async function copyDurably(from: string, to: string): Promise<void> {
  await wholeOrNothing(to, async (partial) => {
    await copyFile(from, partial);
    await sync(partial);
  });
  await rm(from);
}

/** What could not be written to its end is removed: it would fill a full disk for ever. */
async function wholeOrNothing(
  to: string,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const partial = join(dirname(to), `.partial-${randomUUID()}`);
  try {
    await write(partial);
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
