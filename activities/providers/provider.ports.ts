/** The same shapes as in api/chat/model.ports.ts, which this area may not import. */

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
