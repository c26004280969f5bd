/** Slots of the models and the line before them: who may begin, who waits, who is refused. */
import { ModelUnknown } from '../../activities/platform/model-errors.js';
import type { ModelLoad } from '../chat/model.ports.js';
import { Busy } from '../platform/errors.js';
import { ComeBack, Departures } from '../platform/pace.js';
import { forecast, leavingPerSecond } from './forecast.js';
import { DRAINING_RETRY_SECONDS, type GenerationLimits } from './limits.js';
import { ahead, displaced, next } from './line.js';

export interface Entry {
  login: string;
  model: string;
  /** Estimated. */
  promptTokens: number;
}

export interface Place {
  /** Resolves when it may begin; refused with Busy when it waited too long, or others came first. */
  begun: Promise<void>;
  /** Gives the place back, in the line or in a slot. Repeatable. */
  leave(): void;
}

export interface PlacesOptions {
  load: (model: string) => ModelLoad;
  /** Places in the line, of all models together. */
  queue: number;
  limits: Pick<GenerationLimits, 'firstTokenSeconds' | 'queuedSeconds'>;
  /** Told of each refusal: `queue-full`, `too-slow`, `draining`. */
  refused: (why: string) => void;
  /** Milliseconds that never go back. */
  clock?: () => number;
}

interface Waiter extends Entry {
  begin: () => void;
  refuse: (error: Busy) => void;
}

interface Line {
  waiting: Set<Waiter>;
  running: Map<string, number>;
  departures: Departures;
  comeBack: ComeBack;
}

const GONE: ModelLoad = {
  slots: Number.POSITIVE_INFINITY,
  busy: 0,
  prefillTokens: 0,
  prefillPerSecond: undefined,
  decodePerSecond: undefined,
  answerTokens: undefined,
};

export class Places {
  private readonly lines = new Map<string, Line>();
  private isClosed = false;
  private readonly clock: () => number;

  constructor(private readonly options: PlacesOptions) {
    this.clock = options.clock ?? (() => performance.now());
  }

  /** @throws {Busy} at once, when there is no room or it would take too long. */
  enter(entry: Entry): Place {
    const { refused, limits, queue } = this.options;
    if (this.isClosed) throw this.draining();
    const line = this.lineOf(entry.model);
    this.mustBeSoon(line, entry);
    const isFull = this.isBusy(line, entry.model) && this.waiting >= queue;
    const out = isFull ? displaced(this.everyone(), entry.login) : undefined;
    if (isFull && !out) throw this.full(line, entry.model);
    const { promise: begun, resolve, reject } = Promise.withResolvers<void>();
    begun.catch(() => undefined); // Nobody may wait for it any more.
    const late = setTimeout(
      () => waiter.refuse(this.late(line, entry.model)),
      limits.queuedSeconds * 1_000,
    );
    let state: 'waiting' | 'running' | 'left' = 'waiting';
    const quit = (): void => {
      clearTimeout(late);
      line.waiting.delete(waiter);
      if (state === 'running') this.release(line, entry);
      state = 'left';
    };
    const waiter: Waiter = {
      ...entry,
      begin: () => {
        clearTimeout(late);
        line.waiting.delete(waiter);
        line.running.set(entry.login, (line.running.get(entry.login) ?? 0) + 1);
        state = 'running';
        resolve();
      },
      refuse: (error) => {
        quit();
        reject(error);
      },
    };
    line.waiting.add(waiter);
    if (out) {
      refused('queue-full');
      out.refuse(this.full(this.lineOf(out.model), out.model, false));
    }
    this.dispatch(entry.model, line);
    return { begun, leave: quit };
  }

  /** Refuses everybody who waits, and whoever comes from now on. */
  close(): void {
    this.isClosed = true;
    for (const waiter of this.everyone()) waiter.refuse(this.draining());
  }

  get waiting(): number {
    return [...this.lines.values()].reduce((sum, { waiting }) => sum + waiting.size, 0);
  }

  /** By model. */
  counts(): { model: string; waiting: number; running: number }[] {
    return [...this.lines].map(([model, { waiting, running }]) => ({
      model,
      waiting: waiting.size,
      running: sum(running.values()),
    }));
  }

  private dispatch(model: string, line: Line): void {
    while (line.waiting.size > 0 && !this.isBusy(line, model)) {
      next(line.waiting, line.running)?.begin();
    }
  }

  private isBusy({ running }: Line, model: string): boolean {
    return sum(running.values()) >= Math.max(1, this.loadOf(model).slots);
  }

  private release(line: Line, { login, model }: Entry): void {
    const left = (line.running.get(login) ?? 0) - 1;
    if (left > 0) line.running.set(login, left);
    else line.running.delete(login);
    line.departures.left();
    this.dispatch(model, line);
  }

  private mustBeSoon(line: Line, { model, login, promptTokens }: Entry): void {
    const load = this.loadOf(model);
    const predicted = forecast({
      load,
      running: sum(line.running.values()),
      ahead: ahead(line.waiting, line.running, login),
      promptTokensAhead: sum([...line.waiting].map((one) => one.promptTokens)),
      promptTokens,
    });
    if (!predicted) return;
    const { firstTokenSeconds, aloneSeconds } = predicted;
    // A prompt that takes long also when nobody else is there would be refused for ever.
    const allowed = Math.max(this.options.limits.firstTokenSeconds, 2 * aloneSeconds);
    if (firstTokenSeconds <= allowed) return;
    const perSecond = this.pace(line, load);
    const seconds = line.comeBack.seconds({
      ahead: (firstTokenSeconds - allowed) * perSecond,
      perSecond,
    });
    this.options.refused('too-slow');
    throw new Busy(
      `an answer would begin in about ${Math.ceil(firstTokenSeconds)} s, and ${Math.ceil(allowed)} s is the limit`,
      `Nothing was begun. Ask again in ${seconds} s.`,
      seconds,
    );
  }

  private full(line: Line, model: string, isCounted = true): Busy {
    if (isCounted) this.options.refused('queue-full');
    return this.busy(line, model, `${this.options.queue} requests wait for an answer already`);
  }

  private late(line: Line, model: string): Busy {
    this.options.refused('too-slow');
    return this.busy(line, model, `no answer began within ${this.options.limits.queuedSeconds} s`);
  }

  private busy(line: Line, model: string, what: string): Busy {
    const perSecond = this.pace(line, this.loadOf(model));
    const seconds = line.comeBack.seconds({ ahead: 1, perSecond });
    return new Busy(what, `Nothing was begun. Ask again in ${seconds} s.`, seconds);
  }

  /** What those are told for whom it ends. */
  draining(): Busy {
    this.options.refused('draining');
    return new Busy(
      'this process is about to end and begins no more answers',
      'Ask again: another one takes over.',
      DRAINING_RETRY_SECONDS,
    );
  }

  /** Answers that end in a second: as was seen lately, else as was measured of the model. */
  private pace({ departures }: Line, load: ModelLoad): number {
    return Math.max(departures.perSecond(), leavingPerSecond(load));
  }

  /** A model may go while some wait for it: they begin at once, and hear it from the model. */
  private loadOf(model: string): ModelLoad {
    try {
      return this.options.load(model);
    } catch (error) {
      if (error instanceof ModelUnknown) return GONE;
      throw error;
    }
  }

  private *everyone(): Generator<Waiter> {
    for (const { waiting } of this.lines.values()) yield* waiting;
  }

  private lineOf(model: string): Line {
    const known = this.lines.get(model);
    if (known) return known;
    const line: Line = {
      waiting: new Set(),
      running: new Map(),
      departures: new Departures(this.clock),
      comeBack: new ComeBack(this.clock),
    };
    this.lines.set(model, line);
    return line;
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const one of numbers) total += one;
  return total;
}
