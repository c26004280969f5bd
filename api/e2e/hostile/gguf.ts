/** Lies in GGUF files: an honest one, changed where it says something of itself. */
import { must } from './entry.js';

const LENGTH_BYTES = 8;
const TYPE_BYTES = 4;

/** With another number of 32 bits under this key. */
export function withNumber(file: Buffer, key: string, number: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt32LE(number, placeOf(copy, key));
  return copy;
}

/** With another text under this key; blanks make it as long as the one before. */
export function withText(file: Buffer, key: string, text: string): Buffer {
  const copy = Buffer.from(file);
  const at = placeOf(copy, key);
  const length = Number(copy.readBigUInt64LE(at));
  const bytes = Buffer.from(text);
  must(bytes.length <= length, `${key} has room for ${length} bytes, and not for ${bytes.length}`);
  copy.fill(' ', at + LENGTH_BYTES, at + LENGTH_BYTES + length);
  bytes.copy(copy, at + LENGTH_BYTES);
  return copy;
}

/** With a text under this key that says to have so many bytes. */
export function withLength(file: Buffer, key: string, bytes: bigint): Buffer {
  const copy = Buffer.from(file);
  copy.writeBigUInt64LE(bytes, placeOf(copy, key));
  return copy;
}

/** Of the value behind a key. */
function placeOf(file: Buffer, key: string): number {
  const name = Buffer.alloc(LENGTH_BYTES);
  name.writeBigUInt64LE(BigInt(key.length));
  const at = file.indexOf(Buffer.concat([name, Buffer.from(key)]));
  must(at >= 0, `the file says nothing of ${key}`);
  return at + LENGTH_BYTES + key.length + TYPE_BYTES;
}
