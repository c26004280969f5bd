import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from './program.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-privacy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  for (const name of await readdir(folder)) await rm(join(folder, name));
});

const LINES = [
  { kind: 'user', item: { login: 'ada' } },
  { kind: 'turn', item: { text: 'Grüße' } },
  { kind: 'turn', item: { text: 'two\nlines' } },
];
const END = { kind: 'end', item: { items: 3 } };
const report = (over: object = {}) => ({
  ...{ id: 'r-1', login: 'ada', askedBy: 'ada', at: '2026-01-02T03:04:05.000Z', isComplete: true },
  ...{ erased: { turn: 4, ticket: 0 }, left: { turn: 0 }, notes: ['Backups stay.'], ...over },
});

/** In pieces that end anywhere, like those of a network. */
function ndjson(items: object[]): Response {
  const bytes = Buffer.from(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
    bytes.subarray(i * 7, i * 7 + 7),
  );
  return new Response(ReadableStream.from(pieces) as never);
}

async function slipway(line: string, answers: Record<string, () => Response>) {
  const [out, err, heard]: [string[], string[], string[]] = [[], [], []];
  const real = globalThis.fetch;
  globalThis.fetch = async (address, init) => {
    const { pathname, search } = new URL(address as string);
    heard.push(`${init?.method} ${pathname}${search} ${(init?.body as string) ?? ''}`.trim());
    return answers[pathname.replace('/api/v1', '')]?.() ?? new Response('{}', { status: 404 });
  };
  try {
    const code = await runCli(line.split(' '), {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      env: { SLIPWAY_URL: 'http://api', SLIPWAY_TOKEN: 'token' },
      cwd: folder,
      terminal: undefined,
      colour: false,
      secret: () => Promise.resolve('unused'),
      interrupted: new AbortController().signal,
    });
    return { code, out: out.join('\n'), err: err.join('\n'), heard };
  } finally {
    globalThis.fetch = real;
  }
}
const me = () => new Response(JSON.stringify({ login: 'ada', teams: [], scopes: ['chat'] }));

describe('slipway privacy export', () => {
  it('writes everything into a file that only its owner reads', async () => {
    const answers = { '/me': me, '/privacy/export': () => ndjson([...LINES, END]) };
    const { code, out } = await slipway('privacy export', answers);
    expect([code, out]).toEqual([0, expect.stringContaining('ada.ndjson: 1 user, 2 turn')]);
    const path = join(folder, 'ada.ndjson');
    const text = await readFile(path, 'utf8');
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(LINES);
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  it('leaves no file when it is cut off', async () => {
    const answers = { '/me': me, '/privacy/export': () => ndjson(LINES) };
    const { code, err } = await slipway('privacy export', answers);
    expect([code, err]).toEqual([3, expect.stringContaining('cut off')]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('asks for another login where one is named, and overwrites nothing', async () => {
    const answers = { '/privacy/export': () => ndjson([END]) };
    const line = 'privacy export --login bob --out x.ndjson';
    const { code, heard } = await slipway(line, answers);
    expect([code, heard]).toEqual([0, ['GET /api/v1/privacy/export?login=bob']]);
    expect((await slipway(line, answers)).code).toBe(2);
  });
});

describe('slipway privacy erase', () => {
  const erasing = (over?: object) => ({
    '/privacy/erasure': () => new Response(JSON.stringify(report(over))),
  });

  it('wants the login twice before it asks for anything', async () => {
    const { code, err, heard } = await slipway('privacy erase ada', erasing());
    expect([code, heard]).toEqual([2, []]);
    expect(err).toContain('--confirm ada');
    expect((await slipway('privacy erase ada --confirm eve', erasing())).code).toBe(2);
  });

  it('says what went, and that nothing is left', async () => {
    const { code, out, heard } = await slipway('privacy erase ada --confirm ada', erasing());
    expect([code, heard]).toEqual([
      0,
      ['POST /api/v1/privacy/erasure {"login":"ada","confirm":"ada"}'],
    ]);
    expect(out.split('\n')).toEqual([
      'ada: erased 4 turn',
      'looked again: nothing is left',
      '  Backups stay.',
      'report r-1',
    ]);
  });

  it('is not done while something is left', async () => {
    const left = { isComplete: false, left: { ticket: 2 } };
    const { code, out } = await slipway('privacy erase ada --confirm ada', erasing(left));
    expect([code, out]).toEqual([3, expect.stringContaining('still there: 2 ticket')]);
  });
});
