// Runs that wait for people: what they cost while nobody answers, and how long an answer takes.
import { startPatiently } from './overload.queues.mjs';
import { memory, memoryRows, processorSeconds, temporalFile } from './processes.mjs';
import { atOnce, eventually, size, spread, timed } from './samples.mjs';

const STARTERS = 32;
/** Opening all gates may take this long, milliseconds: ten thousand take about a quarter of an hour. */
const LIMIT_MS = 1_500_000;
const LOOKS = 50;
const ANSWERS = 20;
/** How long the stack is watched while nothing happens, milliseconds. */
const REST_MS = 10_000;
const PIPELINE = `version: 1
name: bench
on: { manual: {} }
steps:
  say: { run: ["true"] }
  ask: { needs: [say], approve: {} }
`;

/** --gates: runs that ask a person as soon as one small step is done. They must hold no worker. */
export async function gates(stack) {
  const count = size('gates', 2_000);
  const clone = await stack.repository('gates', { main: { '.slipway/pipeline.yaml': PIPELINE } });
  clone.remove();
  const what = `${count} open gates`;
  await startPatiently(stack, 'gates', []);
  await gatesOpen(stack, 1);
  const before = await memory(stack);
  const refused = [];
  const opening = await timed(async () => {
    await atOnce(STARTERS, count - 1, () => startPatiently(stack, 'gates', refused));
    await gatesOpen(stack, count);
  });
  const after = await memory(stack);
  const resting = await processorSeconds(stack);
  await eventually('a rest', REST_MS * 2, restOf(REST_MS));
  const rested = await processorSeconds(stack);
  const { approvals, runs } = stack.client;
  const lists = await looks(() => approvals.list({ state: 'open', limit: 50 }));
  const lastPage = await walk((cursor) =>
    approvals.list({ state: 'open', limit: 200, ...(cursor && { cursor }) }),
  );
  const runLists = await looks(() => runs.list({ status: 'waiting', limit: 50 }));
  const answers = await answerSome(stack, lastPage.items);
  // Processes that ended meanwhile took their time along.
  const busy = (part) =>
    Math.max(0, (rested[part] ?? 0) - (resting[part] ?? 0)) / (REST_MS / 1_000);
  return [
    { name: `${what}: opened`, unit: 's', samples: [opening / 1_000] },
    { name: `${what}: opened a minute`, unit: 'gates', samples: [(count / opening) * 60_000] },
    { name: `${what}: told to come later`, unit: 'times', samples: [refused.length] },
    { name: `${what}: found in the list`, unit: 'gates', samples: [lastPage.items.length] },
    ...['api', 'worker', 'temporal', 'postgres'].map((part) => ({
      name: `${what}: ${part} at rest`,
      unit: '% CPU',
      samples: [busy(part) * 100],
    })),
    ...spread(`${what}: a page of 50 open gates`, 'ms', lists),
    ...spread(`${what}: a page of 200, of all pages`, 'ms', lastPage.times),
    ...spread(`${what}: a page of 50 waiting runs`, 'ms', runLists),
    ...spread(`${what}: an answer`, 'ms', answers.answered),
    ...spread(`${what}: answer until the run is over`, 'ms', answers.over),
    ...memoryRows(what, { before, after }),
    { name: `${what}: Temporal's file`, unit: 'MB', samples: [temporalFile(stack)] },
  ];
}

/** Runs first: they are few pages. A gate is recorded a moment after its run says that it waits. */
async function gatesOpen(stack, count) {
  await eventually(`${count} runs that wait`, LIMIT_MS, async () => {
    const pending = await stack.client.runs.list({ status: 'pending', limit: 1 });
    const running = await stack.client.runs.list({ status: 'running', limit: 1 });
    return pending.items.length + running.items.length === 0;
  });
  await eventually(
    `${count} open gates`,
    LIMIT_MS,
    async () => {
      const { items } = await walk((cursor) =>
        stack.client.approvals.list({ state: 'open', limit: 200, ...(cursor && { cursor }) }),
      );
      return items.length >= count;
    },
    1_000,
  );
}

function restOf(ms) {
  const end = performance.now() + ms;
  return () => performance.now() >= end;
}

async function looks(look) {
  const times = [];
  for (let turn = 0; turn < LOOKS; turn++) times.push(await timed(look));
  return times;
}

async function walk(look) {
  const items = [];
  const times = [];
  let cursor;
  do {
    const started = performance.now();
    const page = await look(cursor);
    times.push(performance.now() - started);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return { items, times };
}

/** Evenly over all gates, the oldest among them: their workflows are in no worker's memory. */
async function answerSome(stack, open) {
  const answered = [];
  const over = [];
  for (let turn = 0; turn < Math.min(ANSWERS, open.length); turn++) {
    const { runId, step } = open[Math.floor((turn * (open.length - 1)) / ANSWERS)];
    const started = performance.now();
    await stack.client.approvals.answer(runId, step, { answer: 'approve' });
    answered.push(performance.now() - started);
    await stack.finalRun(runId);
    over.push(performance.now() - started);
  }
  return { answered, over };
}
