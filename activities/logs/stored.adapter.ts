/** Logs in the record. The first words of a step go out at once, later ones a few times a second. */
import { MAX_LOG_BYTES } from '../../workflows/domain/limits.js';
import type { LogChunk, RunsStore, Stream } from '../store/store.ports.js';
import type { Logs, StepLog } from './logs.ports.js';
import type { Mask } from './mask.js';
import { HiddenText } from './mask.streams.js';

/** How long text waits for more text. */
const COALESCE_MS = 100;
/** Text of one chunk, and what is sent without waiting; characters. */
const CHUNK_CHARS = 65_536;
/** Unstored text of one step above which its reader should stop, and below which it goes on. */
const BEHIND_CHARS = 262_144;
/** Unstored text of one step above which more is counted, not kept. */
const MAX_UNSTORED_CHARS = 4_194_304;
/** Our own words still pass when the limit is reached; they have this much for themselves. */
const OWN_WORDS_BYTES = 65_536;

type StepOfLog = Pick<LogChunk, 'runId' | 'step' | 'attempt'>;
type Piece = Pick<LogChunk, 'stream' | 'text' | 'at'>;

/** Give it the process's `groupedWrites`: its order is what `StepLog.flush` promises. */
export class StoredLogs implements Logs {
  constructor(
    private readonly runs: Pick<RunsStore, 'write'>,
    private readonly notice: (message: string) => void = () => {},
  ) {}

  open(step: StepOfLog): StepLog {
    return new StoredStepLog(this.runs, step, this.notice);
  }
}

class StoredStepLog implements StepLog {
  private readonly texts = new HiddenText();
  private pieces: Piece[] = [];
  private pendingChars = 0;
  private unstoredChars = 0;
  private keptBytes = 0;
  private lastMs = 0;
  /** Bytes that were not kept and that no line has mentioned. */
  private unmentionedBytes = 0;
  private isCut = false;
  private hasSpoken = false;
  private timer: NodeJS.Timeout | undefined;
  /** Writes that the record has not answered. */
  private unanswered = 0;
  /** Small pieces wait for that answer: while the record is away, they must not become many writes. */
  private isDue = false;
  private lastWrite: Promise<void> = Promise.resolve();
  private caughtUp: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(
    private readonly runs: Pick<RunsStore, 'write'>,
    private readonly step: StepOfLog,
    private readonly notice: (message: string) => void,
  ) {}

  write(stream: Stream, text: string | Uint8Array): void {
    this.add(stream, this.texts.push(stream, text));
  }

  hide(mask: Mask): void {
    this.texts.hide(mask);
  }

  behind(): Promise<void> | undefined {
    if (this.unstoredChars < BEHIND_CHARS) return undefined;
    if (!this.caughtUp) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.caughtUp = { promise, resolve };
    }
    return this.caughtUp.promise;
  }

  flush(): Promise<void> {
    for (const [stream, text] of this.texts.end()) this.add(stream, text);
    if (this.unmentionedBytes > 0) {
      this.keep('slipway', `${this.unmentionedBytes} more bytes of this log were not kept.\n`);
      this.unmentionedBytes = 0;
    }
    this.send();
    return this.lastWrite;
  }

  private add(stream: Stream, text: string): void {
    if (text === '') return;
    const room = MAX_LOG_BYTES - this.keptBytes + (stream === 'slipway' ? OWN_WORDS_BYTES : 0);
    const bytes = Buffer.byteLength(text);
    if (this.unstoredChars + text.length > MAX_UNSTORED_CHARS || (this.isCut && room < bytes)) {
      this.unmentionedBytes += bytes;
    } else if (bytes <= room) {
      this.keep(stream, text);
    } else {
      this.keep(stream, Buffer.from(text).subarray(0, Math.max(0, room)).toString().toWellFormed());
      this.cut();
      this.unmentionedBytes += bytes - Math.max(0, room);
    }
  }

  private cut(): void {
    this.isCut = true;
    this.keep(
      'slipway',
      `\nlog limit of ${MAX_LOG_BYTES / 1_048_576} MiB reached: what follows is counted, not kept. ` +
        'Write large output to a file, and keep it with "artifacts".\n',
    );
  }

  private keep(stream: Stream, text: string): void {
    this.keptBytes += Buffer.byteLength(text);
    this.pendingChars += text.length;
    this.unstoredChars += text.length;
    const last = this.pieces.at(-1);
    if (last?.stream === stream && last.text.length + text.length <= CHUNK_CHARS) last.text += text;
    else this.pieces.push(...chunksOf(stream, text, this.now()));
    this.schedule();
  }

  /** Never the same twice: by its time a piece is known again when it is sent again. */
  private now(): Date {
    this.lastMs = Math.max(Date.now(), this.lastMs + 1);
    return new Date(this.lastMs);
  }

  private schedule(): void {
    if (!this.hasSpoken || this.pendingChars >= CHUNK_CHARS) this.send();
    else this.timer ??= setTimeout(() => this.sendSoon(), COALESCE_MS);
  }

  private sendSoon(): void {
    if (this.unanswered === 0) this.send();
    else this.isDue = true;
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isDue = false;
    if (this.pieces.length === 0) return;
    this.hasSpoken = true;
    const chars = this.pendingChars;
    const logs = this.pieces.map((piece) => ({ ...this.step, ...piece }));
    this.pieces = [];
    this.pendingChars = 0;
    this.unanswered++;
    this.lastWrite = this.runs
      .write({ logs })
      .catch((error: unknown) => {
        const { runId, step } = this.step;
        this.notice(
          `${chars} characters of the log of ${runId} "${step}" are lost: ${String(error)}`,
        );
      })
      .then(() => this.stored(chars));
  }

  private stored(chars: number): void {
    this.unanswered--;
    this.unstoredChars -= chars;
    if (this.isDue && this.unanswered === 0) this.send();
    if (this.unstoredChars >= BEHIND_CHARS) return;
    this.caughtUp?.resolve();
    this.caughtUp = undefined;
  }
}

function chunksOf(stream: Stream, text: string, at: Date): Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + CHUNK_CHARS, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    pieces.push({ stream, text: text.slice(start, end), at });
    start = end;
  }
  return pieces;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
