/** The stack says what it restarts, and stops in order when nobody can hear it any more. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../harness/eventually.js';
import { E2eStack, endBegun } from '../harness/stack.js';
import { processesNaming } from './victims.js';

describe('the supervisor', () => {
  let stack: E2eStack;
  beforeAll(async () => {
    stack = await E2eStack.start();
  });
  afterAll(() => rm(stack.home, { recursive: true, force: true }));

  it('says which process ended, when it starts it again, and that it is back', async () => {
    await stack.kill('reconciler');
    await stack.process.says(/reconciler ended \(SIGKILL\); starting it again in \d+ ms/);
    await stack.process.says(/reconciler is back/);
  });

  it('whose terminal is gone stops in order, and leaves nothing', async () => {
    stack.process.child.stdout?.destroy();
    stack.process.child.stderr?.destroy();
    await stack.kill('api'); // What it says of this reaches nobody, and must not end it.
    stack.process.child.kill('SIGHUP');
    expect((await stack.process.ended).code).toBe(0);
    await eventually(
      'no process is left',
      async () => (await processesNaming(stack.home)).length === 0,
    );
    await expect(readFile(join(stack.home, 'stack.lock'))).rejects.toThrow('ENOENT');
  });
});

describe('a stack that is cut off while it starts', () => {
  it('is ended by the end of its test file, and leaves nothing', async () => {
    const failed = expect(E2eStack.start()).rejects.toThrow(/ended with .* before it said/);
    const home = await eventually('the stack has begun', async () => E2eStack.begun()[0]);
    await endBegun();
    await failed;
    expect(await processesNaming(home)).toEqual([]);
    await expect(readFile(join(home, 'token'))).rejects.toThrow('ENOENT');
  });
});
