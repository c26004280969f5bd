// What our engine costs beside llama.cpp alone, in the same minutes: decode speed at 1 and 16 streams, an
// abort while a long prompt is read, what others receive then, and models that follow each other under load.
// With the toy, and with a real model where SLIPWAY_BENCH_MODEL names a GGUF file.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pino from 'pino';
import { createEngineModels } from '../../dist/activities/engine/assemble.js';
import { chainToy } from '../../dist/activities/engine/toy/toy.js';
import { openLibrary } from './library.mjs';
import { timed } from './timings.mjs';

const TURNS = 3;
const DECODED = 192;
const STREAMS = 16;
const SWAPS = 20;
const GPU = process.env['SLIPWAY_GPU'] ?? 'cpu';
const THREADS = Number(process.env['SLIPWAY_CHAT_THREADS'] ?? 1);
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');
/** Wide enough that a token costs what a token of a small real model costs. */
const TOY = { says: LETTERS, isEndless: true, width: 1_024, layers: 2 };

export const decode = {
  decode: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
    try {
      const toy = join(folder, 'toy.gguf');
      await writeFile(toy, chainToy(TOY));
      const real = process.env['SLIPWAY_BENCH_MODEL'];
      const found = [];
      for (const [name, path] of [['toy', toy], ...(real ? [['real model', real]] : [])]) {
        found.push(...(await speeds(folder, name, path)), ...(await prefill(folder, name, path)));
      }
      return [...found, ...(await swaps(folder))];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Tokens a second as a reader receives them, over those of llama.cpp's own clock. */
async function speeds(folder, name, path) {
  const { models, end } = await stand(folder, path, { slots: STREAMS, isMeasured: true });
  const library = await openLibrary(path, { gpu: GPU, threads: THREADS });
  try {
    const alone = [];
    const rows = [];
    for (const [streams, goal] of [
      [1, 0.95],
      [STREAMS, 0.9],
    ]) {
      const ratios = [];
      const rates = [];
      for (let turn = 0; turn < TURNS; turn++) {
        if (streams === 1) alone.push(await library.ratio(DECODED));
        const timings = () => models.timings('chat');
        await timed(timings);
        const ms = await decodeTogether(models, streams);
        const { nativeMs, tokens } = await timed(timings);
        // The first token was there when our clock began.
        ratios.push((nativeMs * (1 - 1 / DECODED)) / ms);
        rates.push((tokens * 1_000) / ms);
      }
      const what = `decode, ${name}, ${streams === 1 ? '1 stream' : `${streams} streams`}`;
      rows.push(
        { name: `${what}: ours / llama.cpp`, unit: 'ratio', samples: ratios, goal, atLeast: true },
        { name: `${what}: tokens a second`, unit: 'tokens', samples: rates },
      );
    }
    const [one, many] = [rows[1].samples, rows[3].samples];
    rows.push({
      name: `decode, ${name}: ${STREAMS} streams / 1 stream, tokens`,
      unit: 'ratio',
      samples: many.map((rate, turn) => rate / one[turn]),
    });
    const beside = `decode, ${name}, 1 stream: node-llama-cpp alone / llama.cpp`;
    return [...rows, { name: beside, unit: 'ratio', samples: alone }];
  } finally {
    await library.end();
    await end();
  }
}

/** Milliseconds from the first to the last token of all streams. */
async function decodeTogether(models, streams) {
  let first;
  await Promise.all(
    Array.from({ length: streams }, () => {
      const wish = wishFor({ text: 'a' }, { maxTokens: DECODED, temperature: 0 });
      const pieces = models.generate(wish, new AbortController().signal);
      return drained(pieces, () => {
        first ??= performance.now();
      });
    }),
  );
  return performance.now() - first;
}

/** Aborts in the middle of a prompt of 1,800 tokens, while three others receive theirs. */
async function prefill(folder, name, path) {
  const { models, end } = await stand(folder, path, { slots: 4, isMeasured: false });
  try {
    const aborts = [];
    const received = [];
    for (let turn = 0; turn < TURNS; turn++) {
      const others = new AbortController();
      let tokens = 0;
      const running = Array.from({ length: 3 }, () =>
        drained(
          models.generate(wishFor({ text: 'b' }, { temperature: 0 }), others.signal),
          () => tokens++,
        ),
      );
      while (tokens < 6) await new Promise((resolve) => setTimeout(resolve, 1));
      const stop = new AbortController();
      const words = await promptOf(models, 1_800, turn);
      let from = 0;
      let before = 0;
      const long = models.generate(wishFor({ text: words }, { maxTokens: 1 }), stop.signal);
      for await (const piece of long) {
        if (piece.kind !== 'started') continue;
        before = tokens;
        setTimeout(() => {
          from = performance.now();
          stop.abort();
        }, 200);
      }
      aborts.push(from === 0 ? 0 : performance.now() - from);
      received.push(tokens - before);
      others.abort();
      await Promise.all(running);
    }
    return [
      {
        name: `abort while 1,800 tokens are read, ${name}`,
        unit: 'ms',
        samples: aborts,
        goal: 200,
      },
      {
        ...{ name: `tokens of three others meanwhile, ${name}`, unit: 'tokens' },
        ...{ samples: received, goal: 3, atLeast: true },
      },
    ];
  } finally {
    await end();
  }
}

/** A text of about `tokens` tokens that was never read before. */
async function promptOf(models, tokens, turn) {
  let words = `${turn} `;
  const count = (text) => models.count({ model: 'chat', prompt: { text } });
  const each = ((await count(`${words}${'word and place '.repeat(100)}`)) - 2) / 100;
  words += `word ${turn} place `.repeat(Math.floor(tokens / each));
  return words;
}

/** Two toys take turns under load. */
async function swaps(folder) {
  const files = [];
  for (const says of [LETTERS, '0123456789'.split('')]) {
    const path = join(folder, `swap-${says.length}.gguf`);
    await writeFile(path, chainToy({ says, isEndless: true }));
    files.push(path);
  }
  const { models, serve, end } = await stand(folder, files[0], { slots: 4, isMeasured: false });
  try {
    let asked = 0;
    let failed = 0;
    let isOver = false;
    const asker = async () => {
      while (!isOver) {
        asked++;
        const wish = wishFor({ text: 'a' }, { maxTokens: 64 });
        const text = await drained(models.generate(wish, new AbortController().signal)).catch(
          () => '',
        );
        if (!/^(?:[a-z]{64}|[0-9]{64})$/.test(text)) failed++;
      }
    };
    const askers = Array.from({ length: 6 }, asker);
    const samples = [];
    for (let swap = 1; swap <= SWAPS; swap++) {
      const started = performance.now();
      await serve(files[swap % 2]);
      samples.push(performance.now() - started);
    }
    isOver = true;
    await Promise.all(askers);
    return [
      { name: `${SWAPS} models in turn: failed`, unit: `of ${asked}`, samples: [failed], goal: 0 },
      { name: 'a model takes over after', unit: 'ms', samples },
    ];
  } finally {
    await end();
  }
}

async function stand(folder, path, { slots, isMeasured }) {
  let serving = await servingOf(path);
  const models = createEngineModels(
    {
      SLIPWAY_HOME: folder,
      SLIPWAY_GPU: GPU,
      SLIPWAY_CHAT_SLOTS: slots,
      SLIPWAY_CHAT_CONTEXT: slots > 4 ? 512 : 4_096,
      SLIPWAY_CHAT_CHUNK: 128,
      SLIPWAY_CHAT_THREADS: THREADS,
      SLIPWAY_ENGINE_MEMORY_MIB: 16_384,
    },
    { servings: async () => [serving], log: pino({ level: 'silent' }), isMeasured },
  );
  const serve = async (next) => {
    serving = await servingOf(next);
    await models.follow();
  };
  await models.follow();
  return { models, serve, end: () => models.close() };
}

async function servingOf(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const digest = `sha256:${hash.digest('hex')}`;
  const slot = 'champion';
  return { name: 'chat', slot, digest, path, adapterDigest: null, share: 0, isToy: false };
}

let wishes = 0;
function wishFor(prompt, sampling) {
  return { id: `bench-${++wishes}`, model: 'chat', prompt, sampling };
}

async function drained(pieces, heard = () => {}) {
  let text = '';
  for await (const piece of pieces) {
    if (piece.kind !== 'text') continue;
    text += piece.text;
    heard();
  }
  return text;
}
