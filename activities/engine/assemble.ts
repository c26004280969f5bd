/** The models of this process, by configuration. */
import { join } from 'node:path';
import type { Config } from '../platform/config.js';
import type { EngineParts } from './engine.js';
import type { Serving } from './engine.ports.js';
import { Fleet } from './fleet.js';
import { EngineModels } from './models.js';
import { TOY_NAME, writeProductToy } from './toy/product.js';

export interface EngineOptions extends EngineParts {
  /** What the record says now, the default first. Files must lie where it says for as long as it says so. */
  servings: () => Promise<Serving[]>;
  /** llama.cpp keeps its own time; for benchmarks. */
  isMeasured?: boolean;
  /** Threads that choose tokens. Default: by SAMPLERS. */
  samplers?: number;
}

/**
 * Beside a GPU, choosing from a large vocabulary takes longer than the step: streams share the work. On
 * the CPU a pool of four halves what 16 streams are told in a second (measured on two cores: 300 tokens
 * with four, 290 with two, 500 with one).
 */
const SAMPLERS = { gpu: 4, cpu: 1 };

type Settings = Pick<
  Config,
  | 'SLIPWAY_HOME'
  | 'SLIPWAY_GPU'
  | 'SLIPWAY_CHAT_SLOTS'
  | 'SLIPWAY_CHAT_CONTEXT'
  | 'SLIPWAY_CHAT_CHUNK'
  | 'SLIPWAY_CHAT_THREADS'
  | 'SLIPWAY_ENGINE_MEMORY_MIB'
>;

/** Serves nothing until `follow()`. Where the record names nothing, a toy is served, by its own name. */
export function createEngineModels(config: Settings, options: EngineOptions): EngineModels {
  const memoryBytes = config.SLIPWAY_ENGINE_MEMORY_MIB * 1_048_576;
  const fleet = new Fleet(
    {
      device: config.SLIPWAY_GPU,
      threads: config.SLIPWAY_CHAT_THREADS,
      samplers: options.samplers ?? SAMPLERS[config.SLIPWAY_GPU === 'cpu' ? 'cpu' : 'gpu'],
      slots: config.SLIPWAY_CHAT_SLOTS,
      contextTokens: config.SLIPWAY_CHAT_CONTEXT,
      chunkTokens: config.SLIPWAY_CHAT_CHUNK,
      isMeasured: options.isMeasured ?? false,
    },
    { ...options, limits: { memoryBytes, ...options.limits } },
  );
  return new EngineModels(fleet, async () => {
    const servings = await options.servings();
    return servings.length > 0 ? servings : [await toyOf(config.SLIPWAY_HOME)];
  });
}

async function toyOf(home: string): Promise<Serving> {
  const { path, digest } = await writeProductToy(join(home, 'models'));
  const slot = 'champion' as const;
  return { name: TOY_NAME, slot, digest, path, adapterDigest: null, share: 0, isToy: true };
}
