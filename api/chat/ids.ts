/** Ids that follow from what a client chose, so that a repeat finds what was done. */
import { createHash } from 'node:crypto';

/** Always the same UUID (version 8) for the same words. */
export function idOf(...words: string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(words)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const ends = [8, 12, 16, 20, 32];
  return ends.map((end, index) => hex.slice(ends[index - 1] ?? 0, end)).join('-');
}

/** Of the answer that comes with a question. */
export function answerIdOf(questionId: string): string {
  return idOf('answer', questionId);
}
