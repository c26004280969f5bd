/**
 * Hides secrets in text that comes piece by piece, whatever the borders of the pieces are.
 *
 * What cannot be the beginning of a secret goes out at once; the rest waits for what comes next.
 */
import { formsOf } from './mask.forms.js';
import { Pieces } from './mask.pieces.js';
import { cleanText } from './text.js';

export const HIDDEN = '***';

/** Text that waits above this is not the beginning of a secret but an attempt to fill our memory. */
const MAX_HELD_CHARS = 4_096;
const COLOUR = `${String.fromCharCode(0x1b)}\\[[0-9;:]*m`;
const COLOURS = new RegExp(COLOUR, 'g');
const COLOURS_AND_LINE_ENDS = new RegExp(`${COLOUR}|[\\r\\n]`, 'g');

export interface MaskedStream {
  /** Takes text as StreamText gives it; returns what may be shown of all text so far. */
  push(text: string): string;
  /** The rest: no more text comes. */
  end(): string;
}

export interface Mask {
  /** For one stream of text. */
  stream(): MaskedStream;
  /** A text that is complete. */
  text(text: string): string;
  /** True when the text holds a secret, or a large part of one, in any form. */
  holds(text: string): boolean;
}

/** Hides every form of these values; see formsOf. Values shorter than MIN_HIDDEN_CHARS stay. */
export function maskOf(values: readonly string[]): Mask {
  const forms = values.map(formsOf);
  const cleaned = (all: string[]) =>
    [...new Set(all)].map((form) => cleanText(form).replace(COLOURS, ''));
  const searches: Search[] = [
    { pieces: new Pieces(cleaned(forms.flatMap(({ whole }) => whole))), ignored: COLOURS },
    {
      pieces: new Pieces(cleaned(forms.flatMap(({ wrapped }) => wrapped))),
      ignored: COLOURS_AND_LINE_ENDS,
    },
  ];
  const used = searches.filter(({ pieces }) => !pieces.isEmpty);
  const stream = () => new Stream(used);
  return {
    stream,
    text: (text) => {
      const only = stream();
      return only.push(text) + only.end();
    },
    holds: (text) => used.some((search) => placesOf(search, viewOf(text, search)).length > 0),
  };
}

/** A mask of nothing. */
export const NO_MASK: Mask = maskOf([]);

interface Search {
  pieces: Pieces;
  /** What may stand inside of a secret without making it another one. */
  ignored: RegExp;
}

/** A text without what is ignored, and where its characters stand in the text itself. */
interface View {
  text: string;
  placeOf: (at: number) => number;
}

type Place = [from: number, to: number];

class Stream implements MaskedStream {
  private held = '';
  /** So much of `held` belongs to a secret that was shown as hidden. */
  private hiddenChars = 0;
  /** What was shown last is a hidden secret: one that follows at once needs no stars of its own. */
  private endsHidden = false;

  constructor(private readonly searches: readonly Search[]) {}

  push(text: string): string {
    return this.show(this.held + text, false);
  }

  end(): string {
    return this.show(this.held, true);
  }

  private show(text: string, isAll: boolean): string {
    const places: Place[] = this.hiddenChars > 0 ? [[0, this.hiddenChars]] : [];
    let open = text.length;
    for (const search of this.searches) {
      const view = viewOf(text, search);
      places.push(...placesOf(search, view));
      const end = search.pieces.openEnd(view.text);
      if (end < view.text.length) open = Math.min(open, view.placeOf(end));
    }
    if (isAll || text.length - open > MAX_HELD_CHARS) open = text.length;
    const shown = this.hide(text, joined(places), open);
    this.held = text.slice(open);
    return shown;
  }

  /** Hides the places before `until`, and remembers how far the last of them goes beyond it. */
  private hide(text: string, places: readonly Place[], until: number): string {
    let shown = '';
    let at = 0;
    if (until > 0) this.hiddenChars = 0;
    for (const [from, to] of places) {
      if (from >= until) break;
      const inside = text.slice(from, Math.min(to, until));
      const goesOn = from === 0 && this.endsHidden;
      shown += text.slice(at, from) + (goesOn ? '' : HIDDEN);
      shown += inside.match(COLOURS_AND_LINE_ENDS)?.join('') ?? '';
      at = from + inside.length;
      this.hiddenChars = Math.max(0, to - until);
    }
    if (until > 0) this.endsHidden = at === until;
    return shown + text.slice(at, until);
  }
}

function placesOf({ pieces }: Search, view: View): Place[] {
  return pieces
    .placesIn(view.text)
    .map(([from, to]) => [view.placeOf(from), view.placeOf(to - 1) + 1]);
}

function viewOf(text: string, { ignored }: Search): View {
  const gaps = [...text.matchAll(ignored)];
  if (gaps.length === 0) return { text, placeOf: (at) => at };
  let view = '';
  let end = 0;
  /** Where each part begins, in the view and in the text. */
  const parts: [inView: number, inText: number][] = [];
  const add = (from: number, to: number): void => {
    if (to > from) parts.push([view.length, from]);
    view += text.slice(from, to);
  };
  for (const gap of gaps) {
    add(end, gap.index);
    end = gap.index + gap[0].length;
  }
  add(end, text.length);
  return { text: view, placeOf: (at) => placeIn(parts, at) };
}

function placeIn(parts: readonly [number, number][], at: number): number {
  let [low, high] = [0, parts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((parts[middle] as [number, number])[0] <= at) low = middle;
    else high = middle - 1;
  }
  const [inView, inText] = parts[low] ?? [0, 0];
  return inText + at - inView;
}

function joined(places: Place[]): Place[] {
  const all: Place[] = [];
  for (const [from, to] of places.sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}
