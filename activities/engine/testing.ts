/** Real engines for tests: forked from their sources, with toys for models. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Piece, Wish } from '../../workflows/domain/chat.js';
import { createLog } from '../platform/logging.js';
import { createEngineModels } from './assemble.js';
import type { EngineLimits } from './engine.js';
import type { Serving } from './engine.ports.js';
import type { Program } from './engine.process.js';
import type { EngineModels } from './models.js';
import { beginningAt, chainToy, randomToy } from './toy/toy.js';

/** Lets plain Node find `x.ts` where the source says `x.js`. */
const RESOLVE = `data:text/javascript,
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, from, next) => {
    try { return next(name, from); }
    catch (error) {
      if (!name.startsWith('.')) throw error;
      return next(name.replace(/\\.js$/, '.ts'), from);
    }
  } });`;

export const FROM_SOURCES: Program = {
  file: fileURLToPath(new URL('./main.ts', import.meta.url)),
  execArgv: [
    ...['--experimental-transform-types', '--disable-warning=ExperimentalWarning'],
    ...['--import', RESOLVE],
  ],
};

/** An engine on a machine that has memory for one at a time. */
export const NARROW: Program = {
  ...FROM_SOURCES,
  file: fileURLToPath(new URL('./testing.narrow.ts', import.meta.url)),
};

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');
const DIGITS = '0123456789'.split('');
const bytesOf = (text: string) =>
  [...Buffer.from(text)].map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

/** What the toys of tests say. */
export const TOYS = {
  alphabet: () => chainToy({ says: LETTERS }),
  /** Never ends. */
  cyclic: () => chainToy({ says: LETTERS, isEndless: true }),
  digits: () => chainToy({ says: DIGITS }),
  endlessDigits: () => chainToy({ says: DIGITS, isEndless: true }),
  /** Characters of two, three and four bytes, each byte a token. */
  foreign: () => chainToy({ says: bytesOf('aé☕🚀') }),
  /** Says that it looks something up, and begins a call in its template's way. */
  caller: () => chainToy({ says: ['Let me look. ', '||call: ', 'x'] }),
  random: () => randomToy(),
  /** An adapter for the alphabet: it begins in its middle. */
  fromM: () => beginningAt('m', { says: LETTERS }),
};
export type ToyName = keyof typeof TOYS;

export interface StandOptions {
  slots?: number;
  contextTokens?: number;
  chunkTokens?: number;
  limits?: Partial<EngineLimits>;
  gpu?: 'cpu' | 'cuda';
  program?: Program;
  samplers?: number;
}

/** A home with toys, and models over them. The record is `servings`. */
export class EngineStand {
  readonly models: EngineModels;
  servings: Serving[] = [];
  /** What was logged. */
  readonly lines: string[] = [];

  private constructor(
    readonly home: string,
    options: StandOptions,
  ) {
    this.models = createEngineModels(
      {
        SLIPWAY_HOME: home,
        SLIPWAY_GPU: options.gpu ?? 'cpu',
        SLIPWAY_CHAT_SLOTS: options.slots ?? 4,
        SLIPWAY_CHAT_CONTEXT: options.contextTokens ?? 512,
        SLIPWAY_CHAT_CHUNK: options.chunkTokens ?? 64,
        SLIPWAY_CHAT_THREADS: 1,
        SLIPWAY_ENGINE_MEMORY_MIB: 16_384,
      },
      {
        servings: async () => this.servings,
        log: createLog('engine-test', 'error', { write: (line) => void this.lines.push(line) }),
        program: options.program ?? FROM_SOURCES,
        ...(options.samplers === undefined ? {} : { samplers: options.samplers }),
        limits: { backoffMs: { first: 10, most: 100 }, ...options.limits },
      },
    );
  }

  static async create(options: StandOptions = {}): Promise<EngineStand> {
    return new EngineStand(await mkdtemp(join(tmpdir(), 'engine-')), options);
  }

  async remove(): Promise<void> {
    await this.models.close();
    await rm(this.home, { recursive: true, force: true });
  }

  /** Serves a toy under a name from the next `follow()` on, in place of what was served there. */
  async serve(name: string, toy: ToyName, over: Partial<Serving> & { adapter?: ToyName } = {}) {
    const { adapter, ...fields } = over;
    const { path, digest } = await this.write(TOYS[toy]());
    const lora = adapter && (await this.write(TOYS[adapter]()));
    const slot = fields.slot ?? 'champion';
    this.servings = this.servings.filter((each) => each.name !== name || each.slot !== slot);
    this.servings.push({
      ...{ name, slot, digest, path, share: 0, isToy: false },
      adapterDigest: lora?.digest ?? null,
      ...(lora ? { adapterPath: lora.path } : {}),
      ...fields,
    });
  }

  async write(bytes: Buffer): Promise<{ path: string; digest: string }> {
    const hex = createHash('sha256').update(bytes).digest('hex');
    const path = join(this.home, `${hex}.gguf`);
    // Engines map their files: one that is written again kills them.
    if (!existsSync(path)) await writeFile(path, bytes);
    return { path, digest: `sha256:${hex}` };
  }

  generate(wish: Wish, signal = new AbortController().signal): AsyncGenerator<Piece> {
    return this.models.generate(wish, signal);
  }

  async answer(wish: Wish, signal?: AbortSignal): Promise<Answered> {
    return answered(this.generate(wish, signal));
  }
}

let wishes = 0;
/** A wish for `model`, by default one question by one user. */
export function wishFor(model: string, over: Partial<Wish> = {}): Wish {
  return {
    id: `wish-${++wishes}`,
    model,
    prompt: { messages: [{ role: 'user', content: 'hello' }] },
    sampling: {},
    ...over,
  };
}

export interface Answered {
  text: string;
  pieces: Piece[];
  started: Extract<Piece, { kind: 'started' }> | undefined;
  done: Extract<Piece, { kind: 'done' }>;
  calls: { name: string; arguments: string }[];
}

export async function answered(pieces: AsyncIterable<Piece>): Promise<Answered> {
  const all: Piece[] = [];
  for await (const piece of pieces) all.push(piece);
  const done = all.at(-1);
  if (done?.kind !== 'done') throw new Error(`an answer ended with ${done?.kind ?? 'nothing'}`);
  return {
    text: all.map((piece) => (piece.kind === 'text' ? piece.text : '')).join(''),
    pieces: all,
    started: all.find((piece) => piece.kind === 'started'),
    done,
    calls: all.flatMap((piece) => (piece.kind === 'toolCalls' ? piece.calls : [])),
  };
}
