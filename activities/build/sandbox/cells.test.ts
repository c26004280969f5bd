import { describe, expect, it } from '@jest/globals';
import type { Cell } from './cell.js';
import { Cells } from './cells.js';

/** Cells that are there when the test says so. */
function world() {
  const makings: PromiseWithResolvers<Cell>[] = [];
  const ended: Cell[] = [];
  const cells = new Cells(() => {
    const making = Promise.withResolvers<Cell>();
    makings.push(making);
    return making.promise;
  });
  const cell = (): Cell => {
    const gone = Promise.withResolvers<void>();
    const made = {
      network: 'none',
      isGone: false,
      gone: gone.promise,
      end: () => {
        ended.push(made);
        gone.resolve();
      },
    } as unknown as Cell;
    return made;
  };
  return { cells, makings, ended, cell };
}

/** All that follows from what has been resolved has happened. */
const settled = () => new Promise(setImmediate);

describe('cells', () => {
  it('are made a few at once, however many steps wait', async () => {
    const { cells, makings, cell } = world();
    const steps = Array.from({ length: 20 }, () => cells.take('none'));
    expect(makings).toHaveLength(4);
    const first = cell();
    makings[0]?.resolve(first);
    expect(await steps[0]).toBe(first);
    await settled();
    expect(makings).toHaveLength(5);
  });

  it('go from the step that leaves one to the step that waits longest', async () => {
    const { cells, makings, cell } = world();
    const [first, second] = [cells.take('none'), cells.take('none')];
    const made = cell();
    makings[0]?.resolve(made);
    cells.giveBack(await first);
    expect(await second).toBe(made);
  });

  it('that nobody waits for any more are kept for the next step', async () => {
    const { cells, makings, ended, cell } = world();
    const [first, second] = [cells.take('none'), cells.take('none')];
    const [one, late] = [cell(), cell()];
    makings[0]?.resolve(one);
    cells.giveBack(await first);
    await second;
    makings[1]?.resolve(late);
    await settled();
    expect(await cells.take('none')).toBe(late);
    expect(ended).toEqual([]);
    await cells.close();
  });

  it('that cannot be made are told to one step each', async () => {
    const { cells, makings, cell } = world();
    const [first, second] = [cells.take('none'), cells.take('none')];
    makings[0]?.reject(new Error('no room'));
    await expect(first).rejects.toThrow('no room');
    const made = cell();
    makings[1]?.resolve(made);
    expect(await second).toBe(made);
  });

  it('end with the sandbox, also those that are still being made', async () => {
    const { cells, makings, ended, cell } = world();
    const step = cells.take('none');
    const [one, late] = [cell(), cell()];
    makings[0]?.resolve(one);
    cells.giveBack(await step);
    await settled();
    const used = await cells.take('none');
    const waiting = cells.take('none');
    waiting.catch(() => {});
    const closed = cells.close();
    makings[1]?.resolve(late);
    await closed;
    await expect(waiting).rejects.toThrow('the worker stops');
    expect(used).toBe(one);
    expect(ended).toEqual([late]);
  });
});
