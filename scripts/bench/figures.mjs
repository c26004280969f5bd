// The figures, each with its unit, samples and goal. Shapes run beside the peers, turn by turn.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { compileText } from '../../dist/workflows/pipeline/compile.js';
import { preview } from '../../dist/workflows/pipeline/preview.js';
import { findPeers, inSlipway } from './peers.mjs';
import { BenchStack } from './stack.mjs';

const TURNS = 3;
/** A peer that takes longer than this is measured once. */
const SLOW_MS = 15_000;
const SHAPES = [
  ['chain', 10],
  ['chain', 50],
  ['chain', 200],
  ['fan', 50],
  ['fan', 200],
];

export const figures = {
  /** 20 commands in one step, and graphs of no-op steps, against the peers in the same minutes. */
  shapes: async (stack) => {
    const peers = await findPeers();
    const all = [['one', 1, 20], ...SHAPES.map(([shape, count]) => [shape, count, 1])];
    const file = '.slipway/pipeline.yaml';
    const branches = Object.fromEntries(
      all.map(([shape, count, commands]) => [
        `${shape}-${count}`,
        { [file]: inSlipway(shape, count, commands) },
      ]),
    );
    const clone = await stack.repository('shapes', branches);
    await stack.timedRun('shapes', 'one-1'); // Warms the worker up.
    const found = [];
    for (const [shape, count, commands] of all) {
      const samples = { slipway: [] };
      for (let turn = 0; turn < TURNS; turn++) {
        samples.slipway.push((await stack.timedRun('shapes', `${shape}-${count}`)).ms);
        for (const [name, peer] of Object.entries(peers)) {
          samples[name] ??= [];
          if (samples[name][0] > SLOW_MS) continue; // Once is enough to see how slow it is.
          samples[name].push(await peer(shape, count, commands));
        }
      }
      const what = shape === 'one' ? '20 commands in one step' : `${shape} of ${count} steps`;
      for (const [name, times] of Object.entries(samples)) {
        found.push({ name: `${what}: ${name}`, unit: 'ms', samples: times });
      }
      found.push(...compared(what, shape, samples));
    }
    clone.remove();
    return found;
  },

  firstLine: async (stack) => {
    const clone = await stack.repository('first-line', { main: { 'a.txt': '0' } });
    const samples = [];
    for (let turn = 0; turn < 10; turn++) {
      const commit = await clone.commit({
        'a.txt': String(turn),
        '.slipway/pipeline.yaml': 'version: 1\nname: bench\nsteps:\n  say: { run: [echo hello] }\n',
      });
      const started = performance.now();
      const pushed = clone.git('push', '--quiet', 'slipway', 'main');
      const run = await until(
        async () => (await stack.client.runs.list({ repository: 'first-line', commit })).items[0],
      );
      for await (const event of stack.client.runs.events(run.id)) {
        if (event.event === 'log') break;
      }
      samples.push(performance.now() - started);
      await pushed;
    }
    clone.remove();
    return [{ name: 'start of push → first log line', unit: 'ms', samples, goal: 1_000 }];
  },

  putBack: async (stack) => {
    const clone = await stack.repository('put-back', { main: service('0', false) });
    const samples = [];
    let lost = 0;
    let asked = 0;
    for (let turn = 0; turn < 5; turn++) {
      const { url } = await until(async () => {
        const stage = await stack.client.stages.get('put-back', 'staging');
        return stage.health === 'healthy' && stage.url ? stage : undefined;
      });
      const commit = await clone.commit(service(`bad ${turn}`, true));
      let watching = true;
      const back = [];
      const visitor = (async () => {
        while (watching) {
          asked++;
          const answer = await fetch(url).catch(() => undefined);
          const text = await answer?.text().catch(() => undefined);
          if (!answer?.ok) lost++;
          back.push([Date.now(), text]);
          await wait(5);
        }
      })();
      await clone.git('push', '--quiet', 'slipway', 'main');
      const { items } = await stack.client.runs.list({ repository: 'put-back', commit });
      const run = await stack.finalRun(items[0].id);
      await until(async () => back.at(-1)?.[1] === '0');
      watching = false;
      await visitor;
      const no = Date.parse(run.steps.find(({ name }) => name === 'check').finishedAt);
      const bad = back.findLastIndex(([, text]) => text !== '0');
      samples.push(back[bad + 1][0] - no);
    }
    clone.remove();
    return [
      { name: 'failed check → previous release serving', unit: 'ms', samples, goal: 3_000 },
      { name: 'requests lost meanwhile', unit: `of ${asked}`, samples: [lost], goal: 0 },
    ];
  },

  throughput: async (stack) => {
    const pipeline = { '.slipway/pipeline.yaml': inSlipway('one', 1) };
    const clone = await stack.repository('throughput', { main: pipeline });
    const samples = [];
    for (let turn = 0; turn < TURNS; turn++) {
      const count = 100;
      const started = performance.now();
      const ids = [];
      let next = 0;
      const starter = async () => {
        while (next++ < count) {
          ids.push((await stack.client.runs.start({ repository: 'throughput', ref: 'main' })).id);
        }
      };
      await Promise.all(Array.from({ length: 10 }, starter));
      for (const id of ids) await stack.finalRun(id);
      samples.push((ids.length / (performance.now() - started)) * 60_000);
    }
    clone.remove();
    return [{ name: 'one-step runs a minute', unit: 'runs', samples, goal: 600, atLeast: true }];
  },

  plan: async () => {
    const text = inSlipway('chain', 10_000);
    const samples = [];
    for (let turn = 0; turn < 5; turn++) {
      const started = performance.now();
      const compiled = compileText(text, 'pipeline.yaml');
      if (!compiled.plan) throw new Error(JSON.stringify(compiled.findings.slice(0, 3)));
      preview(compiled.plan, { kind: 'manual' });
      samples.push(performance.now() - started);
    }
    return [{ name: 'lint, compile and plan 10,000 steps', unit: 'ms', samples, goal: 1_000 }];
  },

  idle: async () => {
    const stack = await BenchStack.start(undefined, 'start.mjs');
    try {
      await wait(20_000);
      const pss = [];
      const rss = [];
      for (let turn = 0; turn < 3; turn++) {
        const pids = await stack.pids();
        pss.push(sum(pids, 'smaps_rollup', /^Pss:\s+(\d+)/m));
        rss.push(sum(pids, 'status', /^VmRSS:\s+(\d+)/m));
        await wait(2_000);
      }
      return [
        { name: 'idle memory, shared pages once', unit: 'MB', samples: pss, goal: 700 },
        { name: 'idle memory, sum of resident sets', unit: 'MB', samples: rss },
      ];
    } finally {
      await stack.end();
    }
  },

  secondStart: async () => {
    const first = await BenchStack.start();
    await first.stop();
    const samples = [];
    let last = first;
    for (let turn = 0; turn < TURNS; turn++) {
      last = await BenchStack.start(first.home, 'start.mjs');
      samples.push(last.readyMs);
      if (turn < TURNS - 1) await last.stop();
    }
    await last.end();
    return [{ name: 'second npm start → ready', unit: 'ms', samples, goal: 6_000 }];
  },
};

/** Ratios within the same run; above the shell loop in milliseconds for the step of 20 commands. */
function compared(what, shape, { slipway, ...peers }) {
  const rows = [];
  for (const [name, times] of Object.entries(peers)) {
    if (name === 'shell loop') {
      if (shape !== 'one') continue;
      const above = slipway.map((ms, turn) => ms - times[turn]);
      rows.push({ name: `${what}: slipway above the loop`, unit: 'ms', samples: above, goal: 150 });
      continue;
    }
    const ratios = times.map((ms, turn) => slipway[turn] / ms);
    rows.push({ name: `${what}: slipway / ${name}`, unit: 'ratio', samples: ratios, goal: 1 });
  }
  return rows;
}

function service(version, broken) {
  return {
    'server.mjs': `import { createServer } from 'node:http';
createServer((request, response) => {
  response.statusCode = ${broken} && request.url === '/health' ? 500 : 200;
  response.end('${version}');
}).listen(Number(process.env.PORT), '127.0.0.1');
`,
    '.slipway/pipeline.yaml': `version: 1
name: bench
steps:
  app: { build: { kind: archive, paths: [server.mjs], command: node server.mjs } }
  staging: { needs: [app], deploy: { release: [app], stage: staging } }
  check: { needs: [staging], check: { stage: staging, http: [{ get: /health }], tries: 1 } }
`,
  };
}

function sum(pids, file, pattern) {
  let kilobytes = 0;
  for (const pid of pids) {
    try {
      kilobytes += Number(
        readFileSync(join('/proc', String(pid), file), 'utf8').match(pattern)?.[1] ?? 0,
      );
    } catch {
      // It ended meanwhile.
    }
  }
  return kilobytes / 1_024;
}

async function until(probe) {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const found = await probe();
    if (found) return found;
    await wait(5);
  }
  throw new Error('waited a minute in vain');
}
