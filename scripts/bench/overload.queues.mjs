// Many at once: runs that are started together, runs that wait for one stage, pushes in a minute.
import { setTimeout as wait } from 'node:timers/promises';
import {
  memory,
  memoryRows,
  processorRows,
  processorSeconds,
  temporalFile,
  watchMemory,
} from './processes.mjs';
import { atOnce, eventually, size, spread, statuses, timed } from './samples.mjs';

const FILE = '.slipway/pipeline.yaml';
const ONE_STEP =
  'version: 1\nname: bench\non: { push: {}, manual: {} }\nsteps:\n  say: { run: ["true"] }\n';
const STARTERS = 32;
/** Starting and ending so many runs may take this long, milliseconds. */
const LIMIT_MS = 280_000;
const OPEN = ['pending', 'running', 'waiting'];

/** --runs: runs started by hand, as fast as the API takes them; each has one step. */
export async function queued(stack) {
  const count = size('runs', 1_000);
  const clone = await stack.repository('queued', { main: { [FILE]: manualOnly(ONE_STEP) } });
  clone.remove();
  await stack.timedRun('queued', 'main');
  const before = await memory(stack);
  const idle = await processorSeconds(stack);
  const watched = watchMemory(stack);
  const answers = [];
  const refused = [];
  const started = performance.now();
  await atOnce(STARTERS, count, async () => {
    answers.push(await timed(() => startPatiently(stack, 'queued', refused)));
  });
  const accepted = performance.now() - started;
  const ends = await allOver(stack, 'queued', count + 1);
  const total = performance.now() - started;
  const highest = await watched.peak();
  const spent = await processorSeconds(stack);
  const waits = await firstStepWaits(stack, 'queued');
  return [
    { name: `${count} runs at once: accepted`, unit: 's', samples: [accepted / 1_000] },
    { name: `${count} runs at once: all ended`, unit: 's', samples: [total / 1_000] },
    {
      name: `${count} runs at once: runs a minute`,
      unit: 'runs',
      samples: [(count / total) * 60_000],
    },
    ...lost(`${count} runs at once`, count + 1, ends),
    { name: `${count} runs at once: told to come later`, unit: 'times', samples: [refused.length] },
    ...spread(`${count} runs at once: answer to a start`, 'ms', answers),
    ...spread(`${count} runs at once: start to first step`, 'ms', waits),
    ...processorRows(`${count} runs at once`, { before: idle, after: spent, count }),
    ...memoryRows(`${count} runs at once`, { before, highest, after: await memory(stack) }),
    { name: `${count} runs at once: Temporal's file`, unit: 'MB', samples: [temporalFile(stack)] },
  ];
}

/** --turns: runs that deploy to one stage, started together: each waits for those before it. */
export async function turns(stack) {
  const count = size('turns', 60);
  const clone = await stack.repository('turns', { main: deploying() });
  clone.remove();
  await finished(stack, 'turns', 1);
  const started = performance.now();
  await atOnce(STARTERS, count, () =>
    stack.client.runs.start({ repository: 'turns', ref: 'main' }),
  );
  const ends = await allOver(stack, 'turns', count + 1);
  const total = performance.now() - started;
  const orders = await deployOrder(stack, 'turns', 'staging');
  const swapped = orders.filter((order, index) => index > 0 && order < orders[index - 1]).length;
  return [
    { name: `${count} runs for one stage: all ended`, unit: 's', samples: [total / 1_000] },
    { name: `${count} runs for one stage: a turn`, unit: 'ms', samples: [total / count] },
    ...lost(`${count} runs for one stage`, count + 1, ends),
    {
      name: `${count} runs for one stage: out of order`,
      unit: 'turns',
      samples: [swapped],
      goal: 0,
    },
  ];
}

/**
 * --wide: steps of a second each in one run, which want more than all slots, and beside it small runs
 * of another repository, one after the other.
 */
export async function neighbours(stack) {
  const count = size('wide', 200);
  const steps = Array.from(
    { length: count },
    (_unused, index) => `  s${index}: { run: [sleep 1] }\n`,
  );
  const wide = `version: 1\nname: bench\non: { manual: {} }\nsteps:\n${steps.join('')}`;
  for (const [name, text] of [
    ['wide', wide],
    ['small', manualOnly(ONE_STEP)],
  ]) {
    (await stack.repository(name, { main: { [FILE]: text } })).remove();
  }
  const alone = [];
  for (let turn = 0; turn < 5; turn++) alone.push((await stack.timedRun('small', 'main')).ms);
  const { id } = await stack.client.runs.start({ repository: 'wide', ref: 'main' });
  await eventually('all slots are taken', 60_000, async () => {
    const run = await stack.client.runs.get(id);
    return run.steps.filter(({ status }) => status === 'running').length > 30;
  });
  const beside = [];
  for (let turn = 0; turn < 5; turn++) {
    if ((await stack.client.runs.get(id)).status !== 'running') break;
    beside.push((await stack.timedRun('small', 'main')).ms);
  }
  await stack.finalRun(id);
  const what = `a small run, ${count} steps of another repository`;
  return [
    { name: `${what}: before`, unit: 'ms', samples: alone },
    { name: `${what}: beside`, unit: 'ms', samples: beside },
  ];
}

/** --pushes: in a minute, by --pushers people with a repository each. */
export async function pushes(stack) {
  const count = size('pushes', 200);
  const pushers = size('pushers', 10);
  const paceMs = 60_000 / count;
  const clones = [];
  for (let index = 0; index < pushers; index++) {
    clones.push(await stack.repository(`pushes-${index}`, { main: { [FILE]: ONE_STEP } }));
  }
  const before = await memory(stack);
  const watched = watchMemory(stack);
  const times = [];
  const refused = [];
  const started = performance.now();
  await atOnce(pushers, pushers, async (index) => {
    const clone = clones[index];
    for (let turn = index; turn < count; turn += pushers) {
      await wait(Math.max(0, started + turn * paceMs - performance.now()));
      await clone.commit({ 'a.txt': String(turn) });
      const push = () => clone.git('push', '--quiet', 'slipway', 'main');
      times.push(await timed(() => push().catch((error) => refused.push(String(error.stderr)))));
    }
  });
  const total = performance.now() - started;
  const highest = await watched.peak();
  let ended = 0;
  for (let index = 0; index < pushers; index++) {
    ended += (await statuses(stack, `pushes-${index}`)).succeeded ?? 0;
    clones[index].remove();
  }
  return [
    { name: `${count} pushes: in`, unit: 's', samples: [total / 1_000] },
    { name: `${count} pushes: refused`, unit: 'pushes', samples: [refused.length], goal: 0 },
    {
      name: `${count} pushes: without a green run`,
      unit: 'pushes',
      samples: [count + pushers - ended],
      goal: 0,
    },
    ...spread(`${count} pushes: push until its run is over`, 'ms', times),
    ...memoryRows(`${count} pushes`, { before, highest, after: await memory(stack) }),
  ];
}

/** Starts a run; waits as long as it is told to, where the answer is "later". */
export async function startPatiently(stack, repository, refused) {
  for (;;) {
    try {
      const run = await stack.client.runs.start({ repository, ref: 'main' });
      if (run.status === 'failed') throw new Error(`${run.id} cannot run: ${run.reason}`);
      return run;
    } catch (error) {
      if (error.status !== 503 && error.status !== 429) throw error;
      refused.push(error.message);
      await wait((error.retryAfterSeconds ?? 1) * 1_000);
    }
  }
}

const manualOnly = (text) => text.replace('push: {}, ', '');

function deploying() {
  return {
    'server.mjs': `import { createServer } from 'node:http';
createServer((_request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1');
`,
    [FILE]: `version: 1
name: bench
on: { push: {}, manual: {} }
steps:
  app: { build: { kind: archive, paths: [server.mjs], command: node server.mjs } }
  staging: { needs: [app], deploy: { release: [app], stage: staging } }
`,
  };
}

async function finished(stack, repository, count) {
  return eventually(`${count} runs of ${repository}`, LIMIT_MS, async () => {
    const found = await statuses(stack, repository);
    const isOpen = OPEN.some((status) => found[status] > 0);
    const total = Object.values(found).reduce((sum, each) => sum + each, 0);
    return !isOpen && total >= count ? found : undefined;
  });
}

/** Statuses when nothing is open, asked seldom: the asking must not be the load. */
async function allOver(stack, repository, count) {
  const open = async (status) =>
    (await stack.client.runs.list({ repository, status, limit: 1 })).items.length > 0;
  await eventually(`the end of ${count} runs`, LIMIT_MS, async () => {
    for (const status of OPEN) if (await open(status)) return false;
    return true;
  });
  return statuses(stack, repository);
}

function lost(what, expected, ends) {
  const green = ends.succeeded ?? 0;
  const all = Object.values(ends).reduce((sum, each) => sum + each, 0);
  return [
    {
      name: `${what}: lost or doubled`,
      unit: 'runs',
      samples: [Math.abs(expected - all)],
      goal: 0,
    },
    { name: `${what}: not green`, unit: 'runs', samples: [all - green], goal: 0 },
  ];
}

/** Milliseconds from a run's start to its first step's, as the record has them. */
async function firstStepWaits(stack, repository) {
  const ids = [];
  let cursor;
  do {
    const page = await stack.client.runs.list({
      repository,
      limit: 200,
      ...(cursor && { cursor }),
    });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor);
  const waits = [];
  await atOnce(8, ids.length, async (index) => {
    const run = await stack.client.runs.get(ids[index]);
    const first = Math.min(...run.steps.map(({ startedAt }) => Date.parse(startedAt)));
    waits.push(first - Date.parse(run.createdAt));
  });
  return waits;
}

/** The places of the runs in the repository's order, as their deploys came. */
async function deployOrder(stack, repository, stage) {
  const orders = [];
  let cursor;
  do {
    const query = { limit: 200, ...(cursor && { cursor }) };
    const page = await stack.client.stages.history(repository, stage, query);
    orders.push(...page.items.map(({ runId }) => Number(runId.split('-').at(-1))));
    cursor = page.next;
  } while (cursor);
  return orders.reverse();
}
