/** How far something large is: a bar in a terminal, a line per tenth elsewhere. */
import { forTerminal } from '../client/narrate.text.js';
import type { Context } from './io.js';

export interface Progress {
  /** @param total null: not known. Bytes. */
  show(what: string, bytes: number, total: number | null): void;
  end(): void;
}

const BAR_CELLS = 24;
/** Speed is that of the last seconds. Milliseconds. */
const WINDOW_MS = 5_000;
const FRAME_MS = 100;

/** In --json mode the lines go to stderr. */
export async function progress({ io, json }: Context): Promise<Progress> {
  const say = json ? io.err : io.out;
  if (json || !io.terminal) return lineByLine(say);
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(io.terminal);
  const pace = new Pace();
  let drawnAt = -FRAME_MS;
  return {
    show: (what, bytes, total) => {
      const now = performance.now();
      pace.note(bytes, now);
      if (now - drawnAt < FRAME_MS && bytes !== total) return;
      drawnAt = now;
      update(forTerminal(barOf(what, bytes, total, pace.perSecond())));
    },
    end: () => update.done(),
  };
}

function lineByLine(say: (line: string) => void): Progress {
  let last = '';
  return {
    show: (what, bytes, total) => {
      const tenths = total ? Math.floor((bytes / total) * 10) : 0;
      const said = `${what} ${tenths}`;
      if (said === last) return;
      last = said;
      say(total === null ? what : `${what}: ${tenths * 10} % of ${size(total)}`);
    },
    end: () => {},
  };
}

function barOf(what: string, bytes: number, total: number | null, perSecond: number | undefined) {
  const speed = perSecond === undefined ? '' : `  ${size(perSecond)}/s`;
  if (total === null || total === 0) return `${what}  ${size(bytes)}${speed}`;
  const full = Math.round((bytes / total) * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const left = perSecond ? Math.ceil((total - bytes) / perSecond) : undefined;
  const eta = left === undefined || bytes === total ? '' : `  ${time(left)} left`;
  const percent = String(Math.floor((bytes / total) * 100)).padStart(3);
  return `${what}  ${bar} ${percent} %  ${size(bytes)} of ${size(total)}${speed}${eta}`;
}

/** Bytes a second over the last seconds. */
class Pace {
  private notes: { bytes: number; at: number }[] = [];

  note(bytes: number, at: number): void {
    const first = this.notes.findIndex((one) => at - one.at <= WINDOW_MS);
    this.notes = [...this.notes.slice(Math.max(first, 0)), { bytes, at }];
  }

  perSecond(): number | undefined {
    const [first, last] = [this.notes[0], this.notes.at(-1)];
    if (!first || !last || last.at === first.at || last.bytes < first.bytes) return undefined;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1_000;
  }
}

/** `253.1 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1_000 ** step;
  return `${step === 0 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

function time(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3_600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
