/**
 * Finds many texts in one, in time linear in its length.
 *
 * A long text is looked for by its pieces: where all of it stands, its pieces stand one after the other.
 * So no more than one piece must ever be held back, a part of a secret is hidden as well, and a table of
 * pieces by their first characters is enough.
 */
import { MIN_HIDDEN_CHARS } from './mask.forms.js';

/** Characters of a piece. A rest below that belongs to the last one. */
const PIECE_CHARS = 48;
const MAX_PIECE_CHARS = 2 * PIECE_CHARS - 1;
const KEY_CHARS = MIN_HIDDEN_CHARS;

export class Pieces {
  private readonly all = new Set<string>();
  /** By the key that each piece begins with. */
  private readonly byKey = new Map<string, Bucket>();
  /** What is shorter than a key and may become one. */
  private readonly beginnings = new Set<string>();
  /** Rejects most places at once. */
  private readonly mayBegin = new Uint8Array(65_536);

  constructor(texts: Iterable<string>) {
    for (const text of texts) for (const piece of cut(text)) this.all.add(piece);
    for (const piece of this.all) this.add(piece);
    for (const { lengths } of this.byKey.values()) lengths.sort((a, b) => b - a);
  }

  get isEmpty(): boolean {
    return this.all.size === 0;
  }

  /** Every place where a piece stands, in order, overlaps joined: `[from, to)` pairs. */
  placesIn(text: string): [from: number, to: number][] {
    const places: [number, number][] = [];
    let last: [number, number] | undefined;
    for (let at = 0; at + KEY_CHARS <= text.length; at++) {
      const length = this.mayBegin[hashAt(text, at)] ? this.longestAt(text, at) : 0;
      if (length === 0) continue;
      if (last && at <= last[1]) {
        last[1] = Math.max(last[1], at + length);
      } else {
        last = [at, at + length];
        places.push(last);
      }
    }
    return places;
  }

  /** Where the end of the text may be the beginning of a piece; the text's length when it is none. */
  openEnd(text: string): number {
    for (let at = Math.max(0, text.length - MAX_PIECE_CHARS + 1); at < text.length; at++) {
      if (this.isBeginning(text, at)) return at;
    }
    return text.length;
  }

  private add(piece: string): void {
    const key = piece.slice(0, KEY_CHARS);
    const bucket = this.byKey.get(key);
    if (!bucket) {
      this.byKey.set(key, { pieces: [piece], lengths: [piece.length] });
      for (let length = 1; length < KEY_CHARS; length++) this.beginnings.add(key.slice(0, length));
      this.mayBegin[hashAt(piece, 0)] = 1;
      return;
    }
    bucket.pieces.push(piece);
    if (!bucket.lengths.includes(piece.length)) bucket.lengths.push(piece.length);
  }

  private longestAt(text: string, at: number): number {
    const lengths = this.byKey.get(text.slice(at, at + KEY_CHARS))?.lengths ?? [];
    const fits = (length: number) =>
      at + length <= text.length && this.all.has(text.slice(at, at + length));
    return lengths.find(fits) ?? 0;
  }

  private isBeginning(text: string, at: number): boolean {
    const rest = text.slice(at);
    if (rest.length < KEY_CHARS) return this.beginnings.has(rest);
    if (!this.mayBegin[hashAt(text, at)]) return false;
    const pieces = this.byKey.get(rest.slice(0, KEY_CHARS))?.pieces ?? [];
    return pieces.some((piece) => piece.length > rest.length && piece.startsWith(rest));
  }
}

interface Bucket {
  pieces: string[];
  /** Of its pieces, each once, the longest first. */
  lengths: number[];
}

/** Empty space tells nothing, and stands everywhere. */
function cut(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    const rest = text.length - from;
    let to = rest <= MAX_PIECE_CHARS ? text.length : from + PIECE_CHARS;
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to++;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces.filter((piece) => piece.length >= KEY_CHARS && piece.trim() !== '');
}

function hashAt(text: string, at: number): number {
  const first = text.charCodeAt(at) + 31 * text.charCodeAt(at + 1);
  return (first * 961 + 31 * text.charCodeAt(at + 2) + text.charCodeAt(at + 3)) & 0xffff;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
