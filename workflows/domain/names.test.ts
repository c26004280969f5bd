import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import {
  Commit,
  Digest,
  Login,
  RepositoryName,
  RunId,
  StageName,
  StepName,
  short,
} from './names.js';

const hex = (digits: number): string => '0123456789abcdef'.repeat(4).slice(0, digits);

const table: [string, z.ZodType, yes: string[], no: string[]][] = [
  ['a run', RunId, ['w', 'web-42', 'a'.repeat(63)], ['', 'Web', '-a', 'a-', 'a_b', 'a'.repeat(64)]],
  ['a repository', RepositoryName, ['web', 'a1'], ['../x', 'a/b', 'a.git', 'a'.repeat(41), 'a\n']],
  ['a stage', StageName, ['staging', 'eu-1'], ['Staging', 'eu_1', 'a'.repeat(41), '.']],
  [
    'a step',
    StepName,
    ['a', 'A_b-1', '_x', 'a'.repeat(60)],
    ['1a', 'a b', '-a', 'é', 'a'.repeat(61)],
  ],
  ['a login', Login, ['ada', 'Ada.L_1-x'], ['', '.ada', 'ada-', 'a b', 'a@b', 'a'.repeat(65)]],
  ['a commit', Commit, [hex(40)], [hex(39), hex(41), hex(40).toUpperCase(), `${hex(40)}\n`]],
  ['a digest', Digest, [`sha256:${hex(64)}`], [hex(64), `sha1:${hex(64)}`, `sha256:${hex(63)}`]],
];

describe('names', () => {
  it.each(table.flatMap(([what, schema, yes]) => yes.map((name) => [what, name, schema] as const)))(
    'let %s be called %j',
    (_what, name, schema) => {
      expect(schema.safeParse(name).success).toBe(true);
    },
  );

  it.each(table.flatMap(([what, schema, , no]) => no.map((name) => [what, name, schema] as const)))(
    'do not let %s be called %j',
    (_what, name, schema) => {
      expect(schema.safeParse(name).success).toBe(false);
    },
  );

  it('are seven digits for people', () => {
    expect(short(`sha256:${hex(64)}`)).toBe('0123456');
    expect(short(hex(40))).toBe('0123456');
  });
});
