// Much to read: many who follow one run, one of them slow, and a step that writes without end.
import { exec as execute } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { memory, memoryRows, processorSeconds, watchMemory } from './processes.mjs';
import { size, spread, timed } from './samples.mjs';

const exec = promisify(execute);
const FILE = '.slipway/pipeline.yaml';
const pipeline = (...commands) => `version: 1
name: bench
on: { manual: {} }
steps:
  say: { run: ${JSON.stringify(commands)} }
`;

/** --followers of one run with a line every 50 ms, and one more who never reads. */
export async function followers(stack) {
  const count = size('followers', 50);
  const lines = 200;
  const say = `node -e "let n = 0; const t = setInterval(() => { console.log('at ' + Date.now() + ' ' + 'x'.repeat(4000)); if (++n === ${lines}) clearInterval(t); }, 50)"`;
  const clone = await stack.repository('followers', { main: { [FILE]: pipeline(say) } });
  clone.remove();
  const before = await memory(stack);
  const burnt = await processorSeconds(stack);
  const watched = watchMemory(stack);
  const started = performance.now();
  const { id } = await stack.client.runs.start({ repository: 'followers', ref: 'main' });
  const slow = await silentReader(stack, id);
  const told = await Promise.all(Array.from({ length: count }, () => follow(stack, id)));
  const seconds = (performance.now() - started) / 1_000;
  slow.destroy();
  const highest = await watched.peak();
  const spent = await processorSeconds(stack);
  const late = told.flatMap(({ delays }) => delays);
  const missed = told.reduce((sum, { delays }) => sum + Math.abs(lines - delays.length), 0);
  const what = `${count} followers of a run`;
  const busy = (part) => ((spent[part] - burnt[part]) / seconds) * 100;
  return [
    ...spread(`${what}: line written to line read`, 'ms', late),
    { name: `${what}: lines lost or doubled`, unit: 'lines', samples: [missed], goal: 0 },
    { name: `${what}: api`, unit: '% CPU', samples: [busy('api')] },
    { name: `${what}: postgres`, unit: '% CPU', samples: [busy('postgres')] },
    ...memoryRows(what, { before, highest, after: await memory(stack) }),
  ];
}

async function follow(stack, id) {
  const delays = [];
  for await (const event of stack.client.runs.events(id)) {
    const now = Date.now();
    if (event.event === 'end') break;
    if (event.event !== 'log' || event.data.stream !== 'stdout') continue;
    for (const [, at] of event.data.text.matchAll(/^at (\d+)/gm)) delays.push(now - Number(at));
  }
  return { delays };
}

/** Asks for the events and does not read the answer. */
function silentReader(stack, id) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${stack.token}`, accept: 'text/event-stream' };
    const asked = request(`${stack.url}/api/v1/runs/${id}/events`, { headers }, (answer) => {
      answer.pause();
      answer.on('error', () => {});
      resolve(answer);
    });
    asked.once('error', reject).end();
  });
}

/** --log-mib: written by one step as fast as it can, beside the same without us. */
export async function bigLog(stack) {
  const mib = size('log-mib', 100);
  const line = 'a line of a log, as long as such lines are, more or less: 0123456789';
  const write = `{ yes '${line}' || true; } | head -c ${mib * 1_048_576}`;
  const files = { main: { [FILE]: pipeline(write) } };
  const clone = await stack.repository('big-log', files);
  clone.remove();
  const before = await memory(stack);
  const watched = watchMemory(stack);
  const shell = [];
  const ours = [];
  let last = '';
  let kept = 0;
  for (let turn = 0; turn < 3; turn++) {
    shell.push(await timed(() => exec(`${write} | cat > /dev/null`, { shell: '/bin/bash' })));
    const { ms, run } = await stack.timedRun('big-log', 'main');
    ours.push(ms);
    const text = await stack.client.runs.logText(run.id);
    kept = Buffer.byteLength(text) / 1_048_576;
    last = text.slice(-200).trim().split('\n').at(-1);
  }
  const highest = await watched.peak();
  const what = `${mib} MiB of log`;
  const rates = ours.map((ms) => mib / (ms / 1_000));
  return [
    { name: `${what}: cat > /dev/null`, unit: 'ms', samples: shell },
    { name: `${what}: a run`, unit: 'ms', samples: ours, note: last },
    { name: `${what}: taken`, unit: 'MiB/s', samples: rates },
    { name: `${what}: kept`, unit: 'MiB', samples: [kept] },
    ...memoryRows(what, { before, highest, after: await memory(stack) }),
  ];
}
