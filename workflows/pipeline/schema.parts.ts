/** The small parts that the pipeline file's fields are made of. Every limit is written here. */
import { z } from 'zod';
import { MAX_COMMAND_CHARS, MAX_COMMANDS, MAX_NAMES, MAX_VALUE_CHARS } from '../domain/limits.js';
import { toSeconds } from './duration.js';

const DURATION = 'must be a duration like "90s", "10m" or "72h", or seconds as a number';

/** Seconds as a number, or a number with `s`, `m` or `h` behind it. */
export const Duration = z
  .union([z.string().regex(/^\d{1,8}[smh]$/, DURATION), z.int().nonnegative(DURATION)], DURATION)
  .meta({ examples: ['90s', '10m', '72h', 300] });
export type Duration = z.infer<typeof Duration>;

/** A duration within limits, both in seconds and included. */
export function durationBetween(least: number, most: number, limits: string) {
  return Duration.refine(
    (value) => {
      const seconds = toSeconds(value);
      return seconds === undefined || (seconds >= least && seconds <= most);
    },
    { error: `must be ${limits}` },
  );
}

/** A name that commands and templates use: an output, an input. */
export const Name = z
  .string()
  .max(60)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'must start with a letter and hold letters, digits or _')
  .refine((name) => !(name in {}), 'must not be a reserved name');

export const Command = z
  .string()
  .min(1, 'must not be empty')
  .max(MAX_COMMAND_CHARS)
  .regex(/\S/, 'must not be blank');

/** Run by a shell, in order, each only when the one before it succeeded. */
export const Commands = z
  .union([Command, z.array(Command).min(1).max(MAX_COMMANDS)], {
    error: 'must be a command, or a list of commands like [npm ci, npm test]',
  })
  .meta({ examples: ['npm test', ['npm ci', 'npm test']] });
export type Commands = z.infer<typeof Commands>;

/** Stays in the workspace: relative, without `..`. Globs allowed where the field says so. */
export const RelativePath = z
  .string()
  .min(1, 'must not be empty')
  .max(1_000)
  .regex(/^[^/\\~][^\\]*$/, 'must be relative to the workspace, with "/" between folders')
  .refine((path) => !path.split('/').includes('..'), 'must not leave the workspace with ".."');

/** What YAML calls text, number, true and false: all become text. */
export const Text = z.union([z.string().max(MAX_VALUE_CHARS), z.number(), z.boolean()], {
  error: 'must be text, a number, true or false',
});
export type Text = z.infer<typeof Text>;

export const EnvName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a variable name like "LOG_LEVEL"')
  .refine((name) => !/^SLIPWAY(_|$)/.test(name), 'is ours: names with SLIPWAY_ are set by Slipway');

/** A mapping with at most MAX_NAMES names. */
export function named<K extends z.ZodType<string>, V extends z.ZodType>(key: K, value: V) {
  return z
    .record(key, value)
    .refine((all) => Object.keys(all).length <= MAX_NAMES, `must hold at most ${MAX_NAMES} names`);
}

/** A list in which nothing stands twice. */
export function unique<T extends z.ZodType>(item: T, least: number, most: number) {
  return z
    .array(item)
    .min(least)
    .max(most)
    .refine((all) => new Set(all).size === all.length, 'must not name anything twice');
}

/** A mapping with exactly one of these fields; also told where other fields of it are wrong. */
export function oneOf<T extends z.ZodType>(schema: T, names: readonly string[]) {
  return schema.refine((value) => given(value, names) === 1, {
    error: `must have exactly one of ${names.join(', ')}`,
    when: ({ value }) => isMapping(value),
  });
}

export function given(value: unknown, names: readonly string[]): number {
  return isMapping(value) ? names.filter((name) => value[name] !== undefined).length : 0;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
