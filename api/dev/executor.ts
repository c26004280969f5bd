/** What the worker says of how it runs steps: isolated, or what to do about it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Lines for the screen; none when the worker has said nothing. */
export async function executorLines(home: string): Promise<string[]> {
  const text = await readFile(join(home, 'executor.json'), 'utf8').catch(() => '{}');
  const { message, help } = JSON.parse(text) as { message?: string; help?: string };
  if (!message) return [];
  const said = `  ${'executor'.padEnd(16)}${message}`;
  return help ? [said, `  ${''.padEnd(16)}${help}`] : [said];
}
