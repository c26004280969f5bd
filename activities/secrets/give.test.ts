import { describe, expect, it } from '@jest/globals';
import { MAX_SECRET_BYTES } from '../../workflows/domain/limits.js';
import { giveSecrets } from './give.js';
import { KeyMissing } from './secrets.errors.js';
import { FakeSecrets } from './secrets.fake.js';

const asker = { repository: 'shop', branch: 'main', stage: undefined };

describe('giving secrets to a step', () => {
  it('gives all that it names', async () => {
    const source = new FakeSecrets();
    source.set('A', 'value of a');
    source.set('B', 'value\nof b\n');
    source.set('C', 'value of c');
    expect(await giveSecrets(source, ['A', 'B'], asker)).toEqual({
      ok: true,
      values: { A: 'value of a', B: 'value\nof b\n' },
    });
    expect(source.asked).toEqual([{ repository: 'shop', names: ['A', 'B'] }]);
  });

  it('asks nobody for a step that names none', async () => {
    const source = new FakeSecrets();
    source.trouble = new Error('away');
    expect(await giveSecrets(source, [], asker)).toEqual({ ok: true, values: {} });
  });

  it('says no with every reason, and how to set one, when some cannot be given', async () => {
    const source = new FakeSecrets();
    source.set('A', 'value of a');
    source.set('B', 'value of b', { branches: ['release/*'] });
    const given = await giveSecrets(source, ['A', 'B', 'C'], asker);
    expect(given).toEqual({
      ok: false,
      reason:
        'the secret "B" is not set for the branch "main"; the secret "C" is not set. ' +
        '"slipway secrets list" shows what is set, "slipway secrets set NAME" sets it.',
    });
    source.where = 'Vault';
    expect(await giveSecrets(source, ['C'], asker)).toMatchObject({
      reason: expect.stringContaining('Secrets are kept in Vault'),
    });
  });

  it('says that a secret is not set when it was removed this very moment', async () => {
    const source = new FakeSecrets();
    source.set('A', 'value of a');
    source.vanish = true;
    expect(await giveSecrets(source, ['A'], asker)).toMatchObject({
      reason: expect.stringMatching(/^the secret "A" is not set\./),
    });
  });

  it.each([
    ['a NUL character', 'value\0of a', 'holds a NUL character'],
    ['too few characters', ' abc\n', 'could not be hidden in logs'],
    ['too many bytes', 'ü'.repeat(MAX_SECRET_BYTES), 'at most 65536 are taken'],
  ])('gives no value with %s, whoever keeps it', async (_what, value, why) => {
    const source = new FakeSecrets();
    source.set('A', value);
    expect(await giveSecrets(source, ['A'], asker)).toMatchObject({
      ok: false,
      reason: expect.stringContaining(why),
    });
  });

  it('gives no more than fits into the environment of a program', async () => {
    const source = new FakeSecrets();
    const names = ['A', 'B', 'C', 'D', 'E'];
    for (const name of names) source.set(name, name.repeat(60_000));
    expect(await giveSecrets(source, names, asker)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('300000 bytes together'),
    });
  });

  it('throws when it cannot find out, so that the step is tried again', async () => {
    const source = new FakeSecrets();
    source.set('A', 'value of a');
    source.closed = new KeyMissing('k-1', '/keys/k-1.key');
    await expect(giveSecrets(source, ['A'], asker)).rejects.toThrow(KeyMissing);
  });
});
