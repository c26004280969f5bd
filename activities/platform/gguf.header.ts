/** The header of a GGUF file, version 2 and 3, from its first bytes. Long arrays are passed over. */
import { ARRAY, STRING, VALUE_BYTES } from './gguf.types.js';
import { BadModelFile } from './model-errors.js';

export interface TensorInfo {
  name: string;
  type: number;
  weights: number;
  /** From the start of the data. */
  offset: number;
}

export interface Header {
  /** Numbers, texts and booleans; of an array its length. */
  values: Map<string, number | string | boolean>;
  tensors: TensorInfo[];
  /** First byte after the header. */
  end: number;
}

/** The bytes end before the header does. */
export class NeedsMore extends Error {}

const MAGIC = 'GGUF';
const MAX_ENTRIES = 100_000;
const MAX_KEY_BYTES = 1_024;
/** A chat template may be long. Bytes. */
const MAX_TEXT_BYTES = 4_194_304;
const MAX_DIMENSIONS = 8;
/** Arrays of arrays deeper than this are in no model. */
const MAX_DEPTH = 4;

export class GgufHeader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** @throws {NeedsMore} {BadModelFile} */
  read(): Header {
    if (this.take(4).toString('latin1') !== MAGIC) throw odd('it does not begin with "GGUF"');
    const version = this.u32();
    if (version !== 2 && version !== 3) throw odd(`its GGUF version is ${version}; known are 2, 3`);
    const tensorCount = this.count(MAX_ENTRIES, 'tensors');
    const valueCount = this.count(MAX_ENTRIES, 'metadata entries');
    const values: Header['values'] = new Map();
    for (let index = 0; index < valueCount; index++) {
      const key = this.text(MAX_KEY_BYTES);
      values.set(key, this.value(this.u32(), 0));
    }
    const tensors = Array.from({ length: tensorCount }, () => this.tensor());
    return { values, tensors, end: this.at };
  }

  private tensor(): TensorInfo {
    const name = this.text(MAX_KEY_BYTES);
    const dimensions = this.u32();
    if (dimensions > MAX_DIMENSIONS) throw odd(`its tensor "${name}" has ${dimensions} dimensions`);
    let weights = 1;
    for (let index = 0; index < dimensions; index++) weights *= this.u64();
    if (!Number.isSafeInteger(weights)) throw odd(`its tensor "${name}" is larger than any file`);
    return { name, weights, type: this.u32(), offset: this.u64() };
  }

  private value(type: number, depth: number): number | string | boolean {
    if (type === STRING) return this.text(MAX_TEXT_BYTES);
    if (type === ARRAY) return this.pass(depth);
    const length = VALUE_BYTES[type];
    if (length === undefined) throw odd(`it has a value of the unknown type ${type}`);
    return numberOrTruth(type, this.take(length));
  }

  /** Passes over an array; its length. */
  private pass(depth: number): number {
    if (depth >= MAX_DEPTH) throw odd('its arrays are nested too deeply');
    const type = this.u32();
    const length = this.u64();
    const each = VALUE_BYTES[type];
    if (each !== undefined) {
      this.skip(each * length);
      return length;
    }
    if (type !== STRING && type !== ARRAY) throw odd(`it has an array of the unknown type ${type}`);
    for (let index = 0; index < length; index++) {
      if (type === STRING) this.skip(this.u64());
      else this.pass(depth + 1);
    }
    return length;
  }

  private text(most: number): string {
    const length = this.u64();
    if (length > most) throw odd(`it has a text of ${length} bytes where ${most} are the most`);
    return this.take(length).toString('utf8');
  }

  private count(most: number, what: string): number {
    const count = this.u64();
    if (count > most) throw odd(`it says that it has ${count} ${what}`);
    return count;
  }

  private u32(): number {
    return this.take(4).readUInt32LE();
  }

  private u64(): number {
    const number = Number(this.take(8).readBigUInt64LE());
    if (!Number.isSafeInteger(number)) throw odd('it has a length that no file can have');
    return number;
  }

  private take(length: number): Buffer {
    const from = this.at;
    this.skip(length);
    return this.bytes.subarray(from, this.at);
  }

  private skip(length: number): void {
    if (this.at + length > this.bytes.length) throw new NeedsMore();
    this.at += length;
  }
}

function numberOrTruth(type: number, bytes: Buffer): number | boolean {
  switch (type) {
    case 0:
      return bytes.readUInt8();
    case 1:
      return bytes.readInt8();
    case 2:
      return bytes.readUInt16LE();
    case 3:
      return bytes.readInt16LE();
    case 4:
      return bytes.readUInt32LE();
    case 5:
      return bytes.readInt32LE();
    case 6:
      return bytes.readFloatLE();
    case 7:
      return bytes.readUInt8() !== 0;
    case 10:
      return Number(bytes.readBigUInt64LE());
    case 11:
      return Number(bytes.readBigInt64LE());
    default:
      return bytes.readDoubleLE();
  }
}

function odd(why: string): BadModelFile {
  const help = 'Take a GGUF file that llama.cpp can load, and look whether it came whole.';
  return new BadModelFile(`this is no model that we can load: ${why}`, help);
}
