/** Names and times as OpenAI's API has them. */
import { randomUUID } from 'node:crypto';

/** `chatcmpl-…`, `cmpl-…`: of one answer, in all its chunks; a cancel names it. */
export function newAnswerId(prefix: 'chatcmpl' | 'cmpl'): string {
  return `${prefix}-${randomUUID().replaceAll('-', '')}`;
}
