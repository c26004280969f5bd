import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { MAX_SECRET_BYTES } from '../../workflows/domain/limits.js';
import type { Rotation, Secret } from '../client/wire.js';
import { readSecret, type SecretInput } from './secret-input.js';
import { told as slipway } from './testing/answers.js';

const secret = (over: Partial<Secret> = {}): Secret => ({
  id: '6f1de2a5-7b19-4a1e-9a64-0a6b0c1f8d11',
  name: 'NPM_TOKEN',
  repository: 'shop',
  branches: ['main'],
  stage: null,
  version: 2,
  keyId: 'k-1',
  updatedAt: '2026-01-02T03:04:05.000Z',
  updatedBy: 'ada',
  ...over,
});
const rotation = (over: Partial<Rotation> = {}): Rotation => ({
  ...{ keyId: 'k-2', isNewKey: true, rewrapped: 3, hasMore: false, stuck: [] },
  ...over,
});

describe('slipway secrets set', () => {
  it('sends the value of standard input, and shows it nowhere', async () => {
    const line = 'secrets set NPM_TOKEN --repository shop --branch main --branch release/*';
    const { code, out, err, heard } = await slipway(line, [secret()]);
    expect([code, out, err]).toEqual([0, 'NPM_TOKEN is set for "shop", on main; version 2', '']);
    const body = { name: 'NPM_TOKEN', repository: 'shop', branches: ['main', 'release/*'] };
    expect(heard).toEqual([
      { method: 'PUT', path: '/api/v1/secrets', body: { ...body, value: 'from-a-pipe' } },
    ]);
  });

  it('says so when every branch gets it, and takes all repositories by name only', async () => {
    const everywhere = secret({ repository: null, branches: [], stage: 'production' });
    const line = 'secrets set NPM_TOKEN --all-repositories --stage production';
    const { out, heard } = await slipway(line, [everywhere]);
    expect(out).toContain('for every repository, on every branch, in checks of production');
    expect(out).toContain('"--branch main" narrows that');
    expect(heard[0]?.body).not.toHaveProperty('repository');
    const both = await slipway('secrets set A --all-repositories --repository shop', []);
    expect([both.code, both.heard]).toEqual([2, []]);
  });

  it('takes no value as an argument', async () => {
    const { code, err, heard } = await slipway('secrets set NPM_TOKEN hunter2hunter2', []);
    expect([code, heard]).toEqual([2, []]);
    expect(err).not.toContain('hunter2');
  });

  it('prints one document with --json, without the value', async () => {
    const { out } = await slipway('secrets set NPM_TOKEN --repository shop --json', [secret()]);
    expect(JSON.parse(out)).toEqual(secret());
  });
});

describe('slipway secrets list', () => {
  it('shows names and where they apply', async () => {
    const page = { items: [secret(), secret({ repository: null, branches: [] })], next: null };
    const { code, out, heard } = await slipway('secrets list --repository shop', [page]);
    expect(code).toBe(0);
    expect(out).toMatch(/NPM_TOKEN +shop +main +– +2 +.* by ada +k-1/);
    expect(out).toMatch(/NPM_TOKEN +every one +every one/);
    expect(heard[0]?.path).toBe('/api/v1/secrets?repository=shop');
  });
});

describe('slipway secrets remove', () => {
  const ofStage = secret({ id: '11111111-7b19-4a1e-9a64-0a6b0c1f8d11', stage: 'production' });

  it('removes the one that is meant', async () => {
    const page = { items: [secret(), secret({ repository: null })], next: null };
    const { code, out, heard } = await slipway('secrets remove NPM_TOKEN --repository shop', [
      page,
    ]);
    expect([code, out]).toEqual([0, 'NPM_TOKEN for "shop", on main is removed']);
    expect(heard[1]).toMatchObject({ method: 'DELETE', path: `/api/v1/secrets/${secret().id}` });
  });

  it('asks which one when there are several, and removes none', async () => {
    const page = { items: [secret(), ofStage], next: null };
    const line = 'secrets remove NPM_TOKEN --repository shop';
    const { code, err, heard } = await slipway(line, [page]);
    expect([code, heard.length]).toEqual([2, 1]);
    expect(err).toContain('there are 2');
    const one = await slipway(`${line} --stage production`, [page]);
    expect(one.heard[1]?.path).toContain('/11111111-');
  });

  it('says so when there is none', async () => {
    const { code, err } = await slipway('secrets remove NPM_TOKEN --repository shop', [
      { items: [], next: null },
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining('there is no secret "NPM_TOKEN"')]);
  });
});

describe('slipway secrets rotate', () => {
  it('asks until all is done, and says which key it is now', async () => {
    const answers = [
      rotation({ rewrapped: 2_000, hasMore: true }),
      rotation({ isNewKey: false, rewrapped: 1 }),
    ];
    const { code, out } = await slipway('secrets rotate', answers);
    expect([code, out]).toEqual([0, expect.stringContaining('2001 secrets are wrapped with')]);
    expect(out).toContain('the new key k-2');
    expect(out).toContain('backups of the database need them');
  });

  it('names what is stuck, and is not done then', async () => {
    const stuck = [{ name: 'LOST', repository: null, keyId: 'k-0', why: 'the key is missing' }];
    const { code, out } = await slipway('secrets rotate', [rotation({ stuck })]);
    expect([code, out]).toEqual([
      3,
      expect.stringContaining('not LOST of every repository: the key is missing'),
    ]);
  });
});

describe('a secret from standard input', () => {
  const piped = (...chunks: (string | Buffer)[]) =>
    readSecret(Readable.from(chunks.map((c) => Buffer.from(c))), 'never', () => {
      throw new Error('nobody is asked');
    });

  it('is all of a pipe, less one line end', async () => {
    expect(await piped('hun', 'ter2\n')).toBe('hunter2');
    expect(await piped('one\ntwo\n\n')).toBe('one\ntwo\n');
    expect(await piped('windows\r\n')).toBe('windows');
    expect(await piped(Buffer.from('ä').subarray(0, 1), Buffer.from('ä').subarray(1))).toBe('ä');
    expect(await piped()).toBe('');
  });

  it('is text, and has an end', async () => {
    await expect(piped(Buffer.of(0xff, 0xfe))).rejects.toThrow('not UTF-8 text');
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(10_000, 'x');
      })(),
    );
    await expect(readSecret(endless, '', () => {})).rejects.toThrow(`${MAX_SECRET_BYTES} bytes`);
  });

  /** A terminal on which these keys are typed. */
  function typed(keys: string[]) {
    const modes: boolean[] = [];
    const shown: string[] = [];
    const input: SecretInput = Object.assign(Readable.from(keys.map((key) => Buffer.from(key))), {
      isTTY: true,
      setRawMode: (mode: boolean) => modes.push(mode),
    });
    const read = readSecret(input, 'Value: ', (text) => shown.push(text));
    return { read, modes, shown };
  }

  it('is asked for on a terminal, which shows none of it', async () => {
    const { read, modes, shown } = typed(['hunX', '\x7f', 'ter2', '\r', 'later']);
    expect(await read).toBe('hunter2');
    expect([modes, shown]).toEqual([
      [true, false],
      ['Value: ', '\n'],
    ]);
  });

  it('is given up with Ctrl-C, and the terminal is as it was', async () => {
    const { read, modes } = typed(['hun', '\x03']);
    await expect(read).rejects.toThrow('nothing was set');
    expect(modes).toEqual([true, false]);
  });
});
