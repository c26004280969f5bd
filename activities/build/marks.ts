/** Finds the script's marks in what it prints, and puts stdout and stderr in order around them. */

/** Longest mark: RS, 16 digits, a space, an index, RS. */
const MAX_MARK_BYTES = 32;
const RS = 0x1e;
/** Output of one stream that waits for the other stream's mark, bytes. */
const MAX_HELD_BYTES = 65_536;

export type Output = 'stdout' | 'stderr';

export interface MarkSink {
  text(stream: Output, bytes: Buffer): void;
  /** Command `index` begins, or, past the last one, all have ended. */
  reached(index: number): void;
}

interface StreamState {
  /** The last mark seen; -1 before the first. */
  at: number;
  /** The beginning of what may be a mark. */
  carried: Buffer | undefined;
  held: { after: number; bytes: Buffer }[];
  heldBytes: number;
}

/** Text before a mark on either stream reaches the sink before that mark does, text after it after. */
export class MarkedOutput {
  private readonly streams = { stdout: fresh(), stderr: fresh() };
  private readonly prefix: Buffer;
  private told = -1;

  /** @param last index of the last mark. Commands can find the nonce: what is above is none of ours. */
  constructor(
    nonce: string,
    private readonly sink: MarkSink,
    private readonly last: number,
  ) {
    this.prefix = Buffer.concat([Buffer.of(RS), Buffer.from(`${nonce} `)]);
  }

  push(stream: Output, chunk: Buffer): void {
    const state = this.streams[stream];
    const data = state.carried ? Buffer.concat([state.carried, chunk]) : chunk;
    state.carried = undefined;
    let from = 0;
    let search = 0;
    for (;;) {
      const start = data.indexOf(RS, search);
      if (start === -1) break;
      const mark = this.markAt(data, start);
      if (mark === 'unfinished') {
        this.emit(stream, data.subarray(from, start));
        state.carried = data.subarray(start);
        return;
      }
      search = start + 1;
      if (mark === 'none') continue;
      this.emit(stream, data.subarray(from, start));
      from = search = mark.end;
      state.at = Math.max(state.at, mark.index);
      this.tell(Math.min(this.streams.stdout.at, this.streams.stderr.at));
    }
    this.emit(stream, data.subarray(from));
  }

  /** No more output comes: nothing is held back any longer. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const { carried } = this.streams[stream];
      if (carried) this.emit(stream, carried);
    }
    this.tell(Math.max(this.streams.stdout.at, this.streams.stderr.at));
  }

  private markAt(
    data: Buffer,
    start: number,
  ): 'none' | 'unfinished' | { index: number; end: number } {
    const head = data.subarray(start, start + this.prefix.length);
    if (!this.prefix.subarray(0, head.length).equals(head)) return 'none';
    const end = data.indexOf(RS, start + 1);
    if (end === -1) return data.length - start < MAX_MARK_BYTES ? 'unfinished' : 'none';
    const digits = data.toString('latin1', start + this.prefix.length, end);
    if (!/^\d{1,6}$/.test(digits) || Number(digits) > this.last) return 'none';
    return { index: Number(digits), end: end + 1 };
  }

  private emit(stream: Output, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const state = this.streams[stream];
    if (state.at <= this.told) {
      this.sink.text(stream, bytes);
      return;
    }
    state.held.push({ after: state.at, bytes });
    state.heldBytes += bytes.length;
    if (state.heldBytes > MAX_HELD_BYTES) this.tell(state.at);
  }

  private tell(upTo: number): void {
    while (this.told < upTo) {
      this.told++;
      this.sink.reached(this.told);
      for (const stream of ['stdout', 'stderr'] as const) this.release(stream);
    }
  }

  private release(stream: Output): void {
    const state = this.streams[stream];
    while (state.held[0] && state.held[0].after <= this.told) {
      const { bytes } = state.held.shift()!;
      state.heldBytes -= bytes.length;
      this.sink.text(stream, bytes);
    }
  }
}

function fresh(): StreamState {
  return { at: -1, carried: undefined, held: [], heldBytes: 0 };
}
