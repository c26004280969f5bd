/** The same shapes as in api/chat/model.ports.ts, which this area may not import: they meet in api/main.ts. */

export interface ModelLoad {
  slots: number;
  busy: number;
  prefillTokens: number;
  prefillPerSecond: number | undefined;
  decodePerSecond: number | undefined;
  answerTokens: number | undefined;
}

export interface EngineState {
  model: string;
  state: 'absent' | 'starting' | 'ready' | 'restarting' | 'failed';
  device: string;
  isFallback: boolean;
  restarts: number;
  memoryBytes: number | undefined;
  gpuMemoryBytes: number | undefined;
  heartbeatMs: number | undefined;
  reason?: string;
}

/** What is to be served in one slot of a name. */
export interface Serving {
  name: string;
  slot: 'champion' | 'challenger';
  /** Of the base GGUF, and where it lies. */
  digest: string;
  path: string;
  adapterDigest: string | null;
  adapterPath?: string;
  /** Percent of the name's requests that the challenger gets; 0 for a champion. */
  share: number;
  isToy: boolean;
}
