/** Makes what a command printed fit for PostgreSQL and for a reader's terminal. */
import { StringDecoder } from 'node:string_decoder';

/** An escape sequence that does not end within this many characters is not one. */
const MAX_SEQUENCE_CHARS = 4_096;

const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);
const COLOUR = `${ESC}\\[[0-9;:]*m`;
const CONTROL_SEQUENCE = `${ESC}\\[[0-?]*[ -\\/]*[@-~]`;
/** Window titles and the like. */
const STRING_SEQUENCE = `${ESC}[\\]PX\\^_][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)`;
const SHORT_SEQUENCE = `${ESC}[ -\\/]*[0-OQ-WYZ\\\\\`-~]`;
const CONTROL = '[\\p{Cc}--[\\t\\n\\r]]';

const SUSPECT = new RegExp(CONTROL, 'v');
const REMOVED = new RegExp(
  `(${COLOUR})|${CONTROL_SEQUENCE}|${STRING_SEQUENCE}|${SHORT_SEQUENCE}|${CONTROL}`,
  'gv',
);
/** The beginning of a sequence whose end has not come yet. */
const UNFINISHED = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -\\/]*|[\\]PX\\^_][^${BEL}${ESC}]*${ESC}?|[ -\\/]*)$`,
  'v',
);

/**
 * Text of one stream, whose pieces may end anywhere. Invalid UTF-8 becomes U+FFFD; NUL and other
 * control characters go, except tab, newline and carriage return; escape sequences go, except colours.
 */
export class StreamText {
  private readonly decoder = new StringDecoder('utf8');
  private carried = '';

  push(piece: string | Uint8Array): string {
    const text = typeof piece === 'string' ? piece.toWellFormed() : this.decoder.write(piece);
    return this.clean(this.carried + text);
  }

  /** What was held back: the stream is over, or a reader wants to see all of it. */
  end(): string {
    const rest = this.carried + this.decoder.end();
    this.carried = '';
    return rest.replace(REMOVED, '$1');
  }

  private clean(text: string): string {
    this.carried = '';
    if (!SUSPECT.test(text)) return text;
    const unfinished = UNFINISHED.exec(text.slice(-MAX_SEQUENCE_CHARS));
    if (unfinished === null) return text.replace(REMOVED, '$1');
    this.carried = unfinished[0];
    return text.slice(0, text.length - this.carried.length).replace(REMOVED, '$1');
  }
}

/** A text that is complete, as StreamText would give it. */
export function cleanText(text: string): string {
  const only = new StreamText();
  return only.push(text) + only.end();
}
