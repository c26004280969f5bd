import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type MasterKey, rewrap, seal, unseal } from './envelope.js';
import { SecretDamaged } from './secrets.errors.js';
import { aSecret } from './testing.js';

const keyOf = (id: string): MasterKey => ({ id, bytes: randomBytes(32) });
const key = keyOf('k-1');
const sealed = (value: string, of = aSecret) => ({ ...of, ...seal(of, value, key) });

describe('an envelope', () => {
  it('gives back what was sealed, and holds none of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = text.toWellFormed();
        const row = sealed(value);
        expect(unseal(row, key)).toBe(value);
      }),
    );
    const row = sealed('open sesame, open sesame');
    expect(Buffer.concat([row.sealed, row.wrappedKey]).toString('latin1')).not.toContain('sesame');
  });

  it('is another one each time', () => {
    expect(sealed('same').sealed.equals(sealed('same').sealed)).toBe(false);
  });

  it.each([
    ['of another name', { name: 'OTHER_TOKEN' }],
    ['of another repository', { repository: 'shop2' }],
    ['of every repository', { repository: null }],
    ['of other branches', { branches: [] }],
    ['of a stage', { stage: 'production' }],
    ['of another version', { version: 2 }],
    ['of another row', { id: '00000000-0000-4000-8000-000000000000' }],
  ])('does not open as the secret %s', (_which, other) => {
    expect(() => unseal({ ...sealed('open sesame'), ...other }, key)).toThrow(SecretDamaged);
  });

  it('does not open when a bit of it was changed, or with another key of that name', () => {
    const row = sealed('open sesame');
    for (const part of ['sealed', 'wrappedKey'] as const) {
      for (let at = 0; at < row[part].length; at++) {
        const changed = Buffer.from(row[part]);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(() => unseal({ ...row, [part]: changed }, key)).toThrow(SecretDamaged);
      }
    }
    expect(() => unseal(row, keyOf('k-1'))).toThrow('cannot be opened with the master key "k-1"');
    expect(() => unseal({ ...row, sealed: Buffer.alloc(0) }, key)).toThrow(SecretDamaged);
  });

  it('opens with the new key after it was wrapped anew, and not with the old one', () => {
    const row = sealed('open sesame');
    const next = keyOf('k-2');
    const moved = { ...row, keyId: 'k-2', wrappedKey: rewrap(row, { from: key, to: next }) };
    expect(unseal(moved, next)).toBe('open sesame');
    expect(moved.sealed).toBe(row.sealed);
    expect(() => unseal(moved, key)).toThrow(SecretDamaged);
  });
});
