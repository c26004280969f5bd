/** Does what the process that started the engine asks: the only one that knows its messages. */
import type { Piece } from '../../../workflows/domain/chat.js';
import type { ContextSpec, FromEngine, LoadSpec, ToEngine } from '../engine.protocol.js';
import { answer } from './answer.js';
import { Embedding } from './embedding.js';
import { readFirstAlone } from './first.read.js';
import { Lanes } from './lanes.js';
import { loadMind, type Mind, refusalOf } from './mind.js';
import { promptOf } from './prompt.js';
import { Pulse } from './pulse.js';

const SEND_AFTER_MS = 1;

/** When all of a step have asked, instead of another turn of the event loop later. */
const atOnce = (dispatch: () => void) => process.nextTick(dispatch);

type Asked<Kind extends ToEngine['kind']> = Extract<ToEngine, { kind: Kind }>;

export class Host {
  private mind: Mind | undefined;
  private spec: LoadSpec | undefined;
  private embedding: Embedding | undefined;
  private readonly contexts = new Map<string, Lanes>();
  private readonly running = new Map<number, AbortController>();
  private readonly pulse = new Pulse();
  private outbox: [call: number, piece: Piece][] = [];

  constructor(private readonly send: (message: FromEngine) => void) {}

  async hear(message: ToEngine): Promise<void> {
    if (message.kind === 'load') return this.load(message.spec);
    if (message.kind === 'abort') return this.running.get(message.call)?.abort();
    const { call } = message;
    try {
      const value = await this.do(message);
      this.flush();
      if (message.kind !== 'generate') this.send({ kind: 'result', call, value });
    } catch (thrown) {
      this.flush();
      this.send({ kind: 'refused', call, refusal: refusalOf(thrown as Error, 'broken').refusal });
    }
  }

  private do(message: Exclude<ToEngine, { kind: 'load' | 'abort' }>): Promise<unknown> {
    switch (message.kind) {
      case 'open':
        return this.open(message.context);
      case 'close':
        return this.close(message.key);
      case 'generate':
        return this.generate(message);
      case 'embed':
        return this.embed(message);
      case 'count':
        return this.count(message);
      case 'ping':
        return this.ping();
      case 'timings':
        return this.timings(message.key);
    }
  }

  private async load(spec: LoadSpec): Promise<void> {
    try {
      this.spec = spec;
      this.mind = await loadMind(spec, () => this.reaches('template'));
      await this.reaches('context');
      for (const context of spec.contexts) await this.open(context);
    } catch (thrown) {
      this.send({ kind: 'notLoaded', refusal: refusalOf(thrown as Error, 'broken').refusal });
      return;
    }
    this.send({ kind: 'loaded', loaded: this.mind.loaded, ...(await this.gpuMemory()) });
  }

  /** Is on its way when it resolves: what follows may never let go of this process. */
  private async reaches(what: 'template' | 'context'): Promise<void> {
    this.send({ kind: 'loading', what });
    await new Promise(setImmediate);
  }

  /** Opens it and evaluates one token in it: the first answer must not wait for what is lazy. */
  private async open({ key, adapterPath }: ContextSpec): Promise<void> {
    const { mind, spec } = this.loaded();
    const context = await mind.model.createContext({
      sequences: spec.slots,
      contextSize: mind.contextTokens,
      batchSize: spec.chunkTokens + spec.slots,
      failedCreationRemedy: false,
      batching: { dispatchSchedule: atOnce },
      performanceTracking: spec.isMeasured,
      ...(adapterPath === undefined ? {} : { lora: adapterPath }),
    });
    readFirstAlone(context);
    const lanes = new Lanes(context);
    this.contexts.set(key, lanes);
    await this.pulse.beat(lanes);
  }

  private async close(key: string): Promise<void> {
    const lanes = this.contexts.get(key);
    this.contexts.delete(key);
    await lanes?.context.dispose();
  }

  private async generate({ call, key, wish }: Asked<'generate'>): Promise<void> {
    const { mind } = this.loaded();
    const controller = new AbortController();
    this.running.set(call, controller);
    try {
      const pace = await answer({ mind, lanes: this.lanes(key) }, wish, controller.signal, {
        piece: (piece) => this.post(call, piece),
        reading: (left) => this.send({ kind: 'reading', call, left }),
        progress: () => this.pulse.progressed(),
      });
      this.flush();
      this.send({ kind: 'ended', call, pace });
    } finally {
      this.running.delete(call);
    }
  }

  private async embed({ call, texts }: Asked<'embed'>): Promise<unknown> {
    const { mind } = this.loaded();
    const controller = new AbortController();
    this.running.set(call, controller);
    try {
      this.embedding ??= new Embedding(mind);
      return await this.embedding.embed(texts, controller.signal, () => this.pulse.progressed());
    } finally {
      this.running.delete(call);
    }
  }

  private async count({ wish }: Asked<'count'>): Promise<number> {
    const { mind } = this.loaded();
    return promptOf(mind.model, mind.wrapper, wish).tokens.length;
  }

  private async ping(): Promise<unknown> {
    const tokenMs = await this.pulse.take([...this.contexts.values()]);
    return { tokenMs, ...(await this.gpuMemory()) };
  }

  private async timings(key: string): Promise<string[]> {
    await this.lanes(key).context.printTimings();
    return this.loaded().mind.timings.splice(0);
  }

  private async gpuMemory(): Promise<{ gpuMemoryBytes?: number }> {
    const { mind } = this.loaded();
    if (mind.loaded.device === 'cpu') return {};
    return { gpuMemoryBytes: (await mind.llama.getLlamaMemoryUsage()).gpuVram };
  }

  private lanes(key: string): Lanes {
    const lanes = this.contexts.get(key);
    if (!lanes) throw new Error(`there is no context "${key}"`);
    return lanes;
  }

  private loaded(): { mind: Mind; spec: LoadSpec } {
    if (!this.mind || !this.spec) throw new Error('no model is loaded');
    return { mind: this.mind, spec: this.spec };
  }

  /** Pieces go together, while the next step is evaluated: sending takes time that it would wait. */
  private post(call: number, piece: Piece): void {
    this.outbox.push([call, piece]);
    if (this.outbox.length === 1) setTimeout(() => this.flush(), SEND_AFTER_MS);
  }

  private flush(): void {
    if (this.outbox.length === 0) return;
    const pieces = this.outbox;
    this.outbox = [];
    this.send({ kind: 'pieces', pieces });
  }
}
