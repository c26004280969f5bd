import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const MODULE = fileURLToPath(new URL('./parent.ts', import.meta.url));
const FLAGS = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning', '-e'];
/** Says that it is there, and never listens to anything again. */
const HANGING = `import(${JSON.stringify(MODULE)}).then(({ endWithParent }) => {
  endWithParent();
  process.send('up', () => { for (;;); });
});`;
const PARENT = `const { spawn } = require('node:child_process');
const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
const child = spawn(process.execPath, ${JSON.stringify([...FLAGS, HANGING])}, { stdio });
child.once('message', () => console.log(child.pid));`;

describe('an engine that hangs', () => {
  it('ends when the process that started it is killed', async () => {
    const parent = spawn(process.execPath, ['-e', PARENT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(said);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

/** One that nobody has waited for yet is gone all the same. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
