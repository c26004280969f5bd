// What happens when there is too much of everything. Each figure has a stack of its own, so that its
// memory is its own. `--only overload` measures all of them, `--only queued` one; sizes are flags.
import { neighbours, pushes, queued, turns } from './overload.queues.mjs';
import { bigLog, followers } from './overload.streams.mjs';
import { gates } from './overload.waits.mjs';
import { BenchStack } from './stack.mjs';

const measures = { queued, turns, neighbours, pushes, followers, bigLog, gates };

export const overload = Object.fromEntries(
  Object.entries(measures).map(([name, measure]) => [name, () => alone(measure)]),
);

async function alone(measure) {
  const stack = await BenchStack.start();
  try {
    return await measure(stack);
  } finally {
    await stack.end();
  }
}
