/**
 * One model that is kept loaded: its process is started, watched, started again when it dies, and replaced
 * when it holds too much memory. Answers go on in the process that they began in.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { EngineState, Served } from '../../workflows/domain/engine.js';
import { wordsOf } from '../platform/errors.js';
import { readGguf } from '../platform/gguf.js';
import type { Log } from '../platform/logging.js';
import { BadModelFile, EngineLost, ModelNotReady } from '../platform/model-errors.js';
import { DeviceMissing, NotEnoughMemory } from './engine.errors.js';
import {
  EngineProcess,
  PROCESS_LIMITS,
  PROGRAM,
  type ProcessLimits,
  type Program,
} from './engine.process.js';
import type { LoadSpec } from './engine.protocol.js';
import { ownMemory } from './memory.js';

export interface EngineLimits extends ProcessLimits {
  /** Between two heartbeats. Milliseconds. */
  heartbeatMs: number;
  /** Anonymous memory and swap. Bytes. */
  memoryBytes: number;
  /** Between a death and the next start: the first, and the longest. Milliseconds. */
  backoffMs: { first: number; most: number };
  /** How long a request waits for an engine that is being started. Milliseconds. */
  patienceMs: number;
  /** How long answers in flight get when their process is replaced. Milliseconds. */
  drainMs: number;
}

export const ENGINE_LIMITS: EngineLimits = {
  ...PROCESS_LIMITS,
  heartbeatMs: 10_000,
  memoryBytes: Number.POSITIVE_INFINITY,
  backoffMs: { first: 200, most: 10_000 },
  patienceMs: 30_000,
  drainMs: 300_000,
};

/** More deaths than this in the window, and it counts as failed; it is tried once a minute then. */
const MAX_DEATHS = 5;
const DEATHS_WINDOW_MS = 300_000;
const RETRY_FAILED_MS = 60_000;
/** A process that is replaced more often than this is simply that large. Milliseconds. */
const RECYCLE_PAUSE_MS = 600_000;

export interface EngineParts {
  log: Log;
  limits?: Partial<EngineLimits>;
  program?: Program;
}

export class Engine {
  state: EngineState['state'] = 'absent';
  reason: string | undefined;
  restarts = 0;
  memoryBytes: number | undefined;
  private process: EngineProcess | undefined;
  private coming: Promise<EngineProcess> | undefined;
  private deaths: number[] = [];
  private recycledAt = Number.NEGATIVE_INFINITY;
  private readonly stopped = new AbortController();
  private readonly limits: EngineLimits;
  private readonly drains = new Set<Promise<void>>();

  constructor(
    private readonly spec: LoadSpec,
    private readonly parts: EngineParts,
  ) {
    this.limits = { ...ENGINE_LIMITS, ...parts.limits };
  }

  describe(serves: readonly Served[]): EngineState {
    const { state, restarts, memoryBytes, reason } = this;
    const loaded = this.process?.loaded;
    return {
      model: serves[0]?.model ?? '',
      serves,
      state,
      device: loaded?.device ?? this.spec.device,
      isFallback: loaded?.isFallback ?? false,
      restarts,
      memoryBytes,
      gpuMemoryBytes: this.process?.gpuMemoryBytes,
      heartbeatMs: this.process?.heartbeatMs,
      ...(reason === undefined ? {} : { reason }),
    };
  }

  get contextTokens(): number {
    return this.process?.loaded.contextTokens ?? this.spec.contextTokens;
  }

  /** Undefined while there is none. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  /**
   * Starts it where it was not started yet. Repeatable.
   *
   * @throws {BadModelFile} {NotEnoughMemory} {DeviceMissing} {EngineLost}
   */
  start(): Promise<EngineProcess> {
    if (this.process) return Promise.resolve(this.process);
    this.coming ??= this.first();
    return this.coming;
  }

  /** The process that serves now. @throws {ModelNotReady}, and the reason of `signal` when it aborts. */
  async ready(signal: AbortSignal): Promise<EngineProcess> {
    if (this.process) return this.process;
    if (this.state === 'failed') throw this.notReady();
    const late = AbortSignal.timeout(this.limits.patienceMs);
    const ended = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      late.addEventListener('abort', () => reject(this.notReady()), { once: true });
    });
    ended.catch(() => {});
    signal.throwIfAborted();
    try {
      return await Promise.race([this.start(), ended]);
    } catch (error) {
      if (signal.aborted || error instanceof ModelNotReady) throw error;
      throw this.notReady();
    }
  }

  /** Opens a context with an adapter, here and in every process that follows. Repeatable. */
  async open(key: string, adapterPath?: string): Promise<void> {
    if (this.spec.contexts.some((each) => each.key === key)) return;
    const context = { key, ...(adapterPath === undefined ? {} : { adapterPath }) };
    const process = await this.start();
    await process.ask({ kind: 'open', context });
    this.spec.contexts.push(context);
  }

  /** Nothing may use it any more. */
  async close(key: string): Promise<void> {
    this.spec.contexts = this.spec.contexts.filter((each) => each.key !== key);
    await this.process?.ask({ kind: 'close', key }).catch(() => {});
  }

  /** Ends it, after answers in flight had their time. */
  async stop(drainMs = this.limits.drainMs): Promise<void> {
    this.stopped.abort();
    const process = this.process ?? (await this.coming?.catch(() => undefined));
    this.process = undefined;
    // Whoever still asks it goes elsewhere only where it has failed.
    if (this.state !== 'failed') this.state = 'absent';
    if (process) await drain(process, drainMs);
    await Promise.allSettled(this.drains);
  }

  private async first(): Promise<EngineProcess> {
    this.state = 'starting';
    try {
      return this.serve(await this.bring());
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.coming = undefined;
    }
  }

  /** A file that kills one process is tried in one more: the first may have been killed by chance. */
  private async bring(): Promise<EngineProcess> {
    await readGguf(this.spec.modelPath);
    const { program = PROGRAM } = this.parts;
    const { signal } = this.stopped;
    const begin = () => EngineProcess.start(this.spec, program, this.limits, signal);
    return begin().catch((error: unknown) => {
      if (!(error instanceof EngineLost) || signal.aborted) throw error;
      return begin();
    });
  }

  private serve(process: EngineProcess): EngineProcess {
    this.process = process;
    this.state = 'ready';
    this.reason = undefined;
    void process.gone.then((error) => this.died(process, error));
    void this.watch(process);
    return process;
  }

  private async watch(process: EngineProcess): Promise<void> {
    while (this.process === process) {
      await process.beat().catch(() => {});
      this.memoryBytes = process.pid === undefined ? undefined : await ownMemory(process.pid);
      if ((this.memoryBytes ?? 0) > this.limits.memoryBytes) await this.recycle(process);
      await wait(this.limits.heartbeatMs, undefined, {
        ref: false,
        signal: this.stopped.signal,
      }).catch(() => {});
    }
  }

  /** A new process beside, then the switch: no request notices. */
  private async recycle(old: EngineProcess): Promise<void> {
    if (performance.now() - this.recycledAt < RECYCLE_PAUSE_MS) return;
    this.recycledAt = performance.now();
    const mib = Math.round((this.memoryBytes ?? 0) / 1_048_576);
    this.parts.log.warn({ pid: old.pid, mib }, 'an engine holds too much memory and is replaced');
    try {
      const next = await this.bring();
      if (this.process !== old || this.stopped.signal.aborted) return next.kill();
      this.restarts++;
      this.serve(next);
      this.retire(old);
    } catch (error) {
      this.parts.log.error({ err: error }, 'an engine could not be replaced and goes on');
    }
  }

  private retire(old: EngineProcess): void {
    const drained = drain(old, this.limits.drainMs).finally(() => this.drains.delete(drained));
    this.drains.add(drained);
  }

  private died(process: EngineProcess, error: Error): void {
    if (this.process !== process) return;
    this.process = undefined;
    if (this.stopped.signal.aborted) return;
    this.parts.log.error({ err: error, model: this.spec.modelPath }, 'an engine died');
    this.state = 'restarting';
    this.reason = error.message;
    this.coming = this.again().finally(() => {
      this.coming = undefined;
    });
    this.coming.catch(() => {});
  }

  private async again(): Promise<EngineProcess> {
    for (;;) {
      const pauseMs = this.pauseAfterDeath();
      await wait(pauseMs, undefined, { ref: false, signal: this.stopped.signal });
      try {
        const process = await this.bring();
        if (this.stopped.signal.aborted) process.kill();
        this.stopped.signal.throwIfAborted();
        this.restarts++;
        return this.serve(process);
      } catch (error) {
        this.stopped.signal.throwIfAborted();
        this.fail(error);
        if (isFinal(error)) throw error;
        this.parts.log.error({ err: error }, 'an engine could not be started again');
      }
    }
  }

  private pauseAfterDeath(): number {
    const now = performance.now();
    this.deaths = [...this.deaths.filter((at) => now - at < DEATHS_WINDOW_MS), now];
    if (this.deaths.length > MAX_DEATHS) {
      this.state = 'failed';
      return RETRY_FAILED_MS;
    }
    const { first, most } = this.limits.backoffMs;
    return Math.min(first * 2 ** (this.deaths.length - 1), most);
  }

  private fail(error: unknown): void {
    this.state = 'failed';
    this.reason = wordsOf(error);
  }

  private notReady(): ModelNotReady {
    if (this.state !== 'failed') {
      return new ModelNotReady('the model is still being loaded', 'Ask again in a while.');
    }
    const help = 'Look at the log of the API, and at "slipway models show".';
    return new ModelNotReady(`the model cannot be used: ${this.reason ?? 'it failed'}`, help);
  }
}

function isFinal(error: unknown): boolean {
  return (
    error instanceof BadModelFile ||
    error instanceof NotEnoughMemory ||
    error instanceof DeviceMissing
  );
}

async function drain(process: EngineProcess, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (process.inFlight > 0 && performance.now() < deadline) {
    await Promise.race([process.gone, wait(20)]);
  }
  process.kill();
  await process.gone;
}
