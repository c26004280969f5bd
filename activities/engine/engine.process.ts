/** One engine process, from the side that started it: what is asked of it, its pulse, and its end. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Wish } from '../../workflows/domain/chat.js';
import { packageRoot } from '../platform/package-root.js';
import { AnswerStream } from './answer.stream.js';
import { endlessTemplate, errorOf, lost } from './engine.errors.js';
import { FromEngine, type Loaded, type LoadSpec, Pong, type ToEngine } from './engine.protocol.js';

/** The file that is forked, with flags for Node: tests start it from its sources. */
export interface Program {
  file: string;
  execArgv: string[];
}

export interface ProcessLimits {
  /** Until the model is loaded and warm: large ones are read from slow disks. Milliseconds. */
  loadMs: number;
  /** For the file's chat template, which is a program and may never end. Milliseconds. */
  templateMs: number;
  /** Without any word for so long, though it was asked for a heartbeat, it hangs. Milliseconds. */
  silenceMs: number;
}

export const PROCESS_LIMITS: ProcessLimits = {
  loadMs: 600_000,
  templateMs: 60_000,
  silenceMs: 60_000,
};

/** Of JavaScript, where a file's chat template runs; weights and contexts are beside it. */
const HEAP_MIB = 1_024;

export const PROGRAM: Program = {
  file: join(packageRoot(), 'dist', 'activities', 'engine', 'main.js'),
  execArgv: [`--max-old-space-size=${HEAP_MIB}`],
};

/** What an engine may know of our environment: where programs and drivers are, and no more. */
const PASSED_ON = /^(PATH|LANG|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|GGML_.*|VK_.*)$/;
/** Of what it wrote to its standard error: enough for the reason of its end. Characters. */
const MAX_LAST_WORDS = 1_000;

type Call = Exclude<ToEngine, { kind: 'load' | 'abort' | 'generate' }>;
type Question = Call extends infer Each ? (Each extends Call ? Omit<Each, 'call'> : never) : never;

interface Asked {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export class EngineProcess {
  /** Resolves with its reason once it is gone, for whatever reason. */
  readonly gone: Promise<Error>;
  /** Of the last heartbeat, which evaluates one token. Milliseconds. */
  heartbeatMs: number | undefined;
  gpuMemoryBytes: number | undefined;
  private found: Loaded | undefined;
  private next = 1;
  private lastWords = '';
  private heardAt = performance.now();
  private end: Error | undefined;
  private readonly asked = new Map<number, Asked>();
  private readonly answers = new Map<number, { stream: AnswerStream; left: (n: number) => void }>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly limits: ProcessLimits,
  ) {
    this.gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(this.lose(`ended (${signal ?? code})`)));
      child.once('error', (error) => resolve(this.lose(`could not be started: ${error.message}`)));
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.lastWords = (this.lastWords + text).slice(-MAX_LAST_WORDS);
    });
  }

  /**
   * Starts a process and loads the model, unless `signal` aborts. Repeatable: two processes know
   * nothing of each other.
   *
   * @throws {BadModelFile} {NotEnoughMemory} {DeviceMissing} when trying again cannot help.
   * @throws {EngineLost} when it died or took too long.
   */
  static async start(
    spec: LoadSpec,
    program: Program = PROGRAM,
    limits: ProcessLimits = PROCESS_LIMITS,
    signal?: AbortSignal,
  ): Promise<EngineProcess> {
    signal?.throwIfAborted();
    const child = fork(program.file, [], {
      execArgv: program.execArgv,
      env: { ...passedOn(), UV_THREADPOOL_SIZE: String(spec.samplers) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const engine = new EngineProcess(child, limits);
    const stop = () => engine.kill();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await engine.load(spec);
      return engine;
    } catch (error) {
      engine.kill();
      await engine.gone;
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get loaded(): Loaded {
    if (this.found === undefined) throw new Error('the engine has not loaded its model yet');
    return this.found;
  }

  /** Answers and questions that it has not ended yet. */
  get inFlight(): number {
    return this.answers.size + this.asked.size;
  }

  /** @param left told how many prompt tokens are still to be read. */
  generate(key: string, wish: Wish, left: (tokens: number) => void): AnswerStream {
    const call = this.next++;
    const stream = new AnswerStream(() => this.tell({ kind: 'abort', call }));
    if (this.end) stream.fail(this.end);
    else {
      this.answers.set(call, { stream, left });
      this.tell({ kind: 'generate', call, key, wish });
    }
    return stream;
  }

  /** @throws {EngineLost}, what the engine refuses, and the reason of `signal` when it aborts. */
  ask(question: Question, signal?: AbortSignal): Promise<unknown> {
    const call = this.next++;
    return new Promise((resolve, reject) => {
      if (this.end) return reject(this.end);
      if (signal?.aborted) return reject(signal.reason as Error);
      const stop = () => {
        this.tell({ kind: 'abort', call });
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', stop, { once: true });
      const settled = () => signal?.removeEventListener('abort', stop);
      this.asked.set(call, {
        resolve: (value) => {
          settled();
          resolve(value);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.tell({ ...question, call } as ToEngine);
    });
  }

  /**
   * Asks for a real token. A busy engine proves itself by its work: it is killed only when it has said
   * nothing at all for `silenceMs`.
   */
  async beat(): Promise<void> {
    this.heardAt = performance.now();
    const watch = setInterval(() => {
      const silentMs = performance.now() - this.heardAt;
      if (silentMs > this.limits.silenceMs) this.killFor('it hung');
    }, this.limits.silenceMs / 4);
    try {
      const pong = Pong.parse(await this.ask({ kind: 'ping' }));
      this.heartbeatMs = pong.tokenMs;
      if (pong.gpuMemoryBytes !== undefined) this.gpuMemoryBytes = pong.gpuMemoryBytes;
    } finally {
      clearInterval(watch);
    }
  }

  /** Ends it: nothing that it does is worth waiting for. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private killFor(reason: string): void {
    this.lastWords = reason;
    this.kill();
  }

  private load(spec: LoadSpec): Promise<void> {
    return new Promise((resolve, reject) => {
      const { loadMs, templateMs } = this.limits;
      let late: NodeJS.Timeout | undefined;
      const within = (ms: number, otherwise: (seconds: number) => Error) => {
        clearTimeout(late);
        late = setTimeout(() => reject(otherwise(Math.round(ms / 1_000))), ms);
      };
      within(loadMs, notReady);
      this.child.on('message', (message) => {
        const parsed = FromEngine.safeParse(message);
        if (!parsed.success) return this.killFor(`said what nobody knows: ${parsed.error.message}`);
        const said = parsed.data;
        if (said.kind === 'loading') {
          if (said.what === 'template') within(templateMs, endlessTemplate);
          else within(loadMs, notReady);
        } else if (said.kind === 'notLoaded') {
          clearTimeout(late);
          reject(errorOf(said.refusal));
        } else if (said.kind === 'loaded') {
          clearTimeout(late);
          this.found = said.loaded;
          this.gpuMemoryBytes = said.gpuMemoryBytes;
          resolve();
        } else this.hear(said);
      });
      void this.gone.then((error) => {
        clearTimeout(late);
        reject(error);
      });
      this.tell({ kind: 'load', spec });
    });
  }

  private hear(said: Exclude<FromEngine, { kind: 'loading' | 'loaded' | 'notLoaded' }>): void {
    this.heardAt = performance.now();
    switch (said.kind) {
      case 'pieces':
        for (const [call, piece] of said.pieces) this.answers.get(call)?.stream.push(piece);
        return;
      case 'reading':
        this.answers.get(said.call)?.left(said.left);
        return;
      case 'ended':
        this.answers.get(said.call)?.stream.end(said.pace);
        this.answers.delete(said.call);
        return;
      case 'result':
        this.asked.get(said.call)?.resolve(said.value);
        this.asked.delete(said.call);
        return;
      case 'refused': {
        const error = errorOf(said.refusal);
        this.answers.get(said.call)?.stream.fail(error);
        this.asked.get(said.call)?.reject(error);
        this.answers.delete(said.call);
        this.asked.delete(said.call);
      }
    }
  }

  private lose(how: string): Error {
    const words = this.lastWords.trim().split('\n').at(-1);
    this.end = lost(words ? `${how}: ${words}` : how);
    for (const { stream } of this.answers.values()) stream.fail(this.end);
    for (const { reject } of this.asked.values()) reject(this.end);
    this.answers.clear();
    this.asked.clear();
    return this.end;
  }

  private tell(message: ToEngine): void {
    if (this.child.connected) this.child.send(message, () => {}); // An error means its end: `exit` follows.
  }
}

function passedOn(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)));
}

function notReady(seconds: number): Error {
  return lost(`was not ready after ${seconds} s`);
}
