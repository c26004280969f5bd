/** What engines and other providers of models say of themselves. */
import type { MadeBy } from './chat.js';

/** How busy the provider of one model is: what admission predicts with. */
export interface ModelLoad {
  /** Answers that it makes at once. */
  slots: number;
  busy: number;
  /** Prompt tokens that begun answers still have to be read, of all slots. */
  prefillTokens: number;
  /** Measured over the last answers; undefined until there were some. Tokens a second. */
  prefillPerSecond: number | undefined;
  /** Of one stream, at the present load. Tokens a second. */
  decodePerSecond: number | undefined;
  /** Tokens that an answer had lately, on average. */
  answerTokens: number | undefined;
}

/** What an engine makes answers for: one slot of one name. */
export interface Served extends MadeBy {
  model: string;
}

/** Of the process behind a model, for health and metrics. */
export interface EngineState {
  /** The first name that it serves, or that of the server where it serves none. */
  model: string;
  /** Names may share an engine, and so may a champion and a challenger. */
  serves: readonly Served[];
  state: 'absent' | 'starting' | 'ready' | 'restarting' | 'failed';
  /** `cpu`, `cuda`, `vulkan`, `metal` or `remote`: what it really computes on. */
  device: string;
  /** A GPU was asked for, and it computes on the CPU. */
  isFallback: boolean;
  restarts: number;
  /** Anonymous memory and swap of its process, bytes; undefined for another server. */
  memoryBytes: number | undefined;
  gpuMemoryBytes: number | undefined;
  /** Of the last heartbeat, which evaluates one token. Milliseconds. */
  heartbeatMs: number | undefined;
  /** Of another server: whether it is asked at all. */
  breaker?: 'closed' | 'open' | 'half-open';
  reason?: string;
}
