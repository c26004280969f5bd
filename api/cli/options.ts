/** Options that come as text and mean something else. */
import { CliError, EXIT } from './exit.js';

export interface PagingOptions {
  limit?: string;
  cursor?: string;
}

/** What the API takes as paging. */
export function paging({ limit, cursor }: PagingOptions) {
  return {
    ...(limit === undefined ? {} : { limit: whole('--limit', limit, 200) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** @throws {CliError} when it is no whole number from 1 to `most`. */
export function whole(flag: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new CliError(EXIT.usage, `${flag} is "${text}"`, `It must be a number from 1 to ${most}.`);
}

/** Only what was given. */
export function present<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** `name=value` pairs. */
export function pairs(flag: string, given: readonly string[] = []): Record<string, string> {
  const entries = given.map((pair) => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const;
    throw new CliError(EXIT.usage, `${flag} is "${pair}"`, 'It must be like name=value.');
  });
  return Object.fromEntries(entries);
}

/** The words of a question as they come. @throws {CliError} with the example when there are none. */
export function question(words: readonly (string | undefined)[], example: string): string {
  const text = words.join(' ').trim();
  if (text === '') throw new CliError(EXIT.usage, 'there is no question', example);
  return text;
}
