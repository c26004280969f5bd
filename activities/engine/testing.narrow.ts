/** An engine that finds no memory while another one of the same folder of models lives. For tests. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Host } from './child/host.js';
import { ToEngine } from './engine.protocol.js';

const host = new Host((message) => void process.send?.(message));

process.on('message', (given) => {
  const message = ToEngine.parse(given);
  if (message.kind === 'load' && isOccupied(dirname(message.spec.modelPath))) {
    const refusal = { code: 'no-memory', message: 'another engine has it all' };
    process.send?.({ kind: 'notLoaded', refusal });
  } else void host.hear(message);
});
process.on('disconnect', () => process.exit(0));

function isOccupied(folder: string): boolean {
  const file = join(folder, 'occupied-by');
  if (existsSync(file) && existsSync(`/proc/${readFileSync(file, 'utf8')}`)) return true;
  writeFileSync(file, String(process.pid));
  return false;
}
