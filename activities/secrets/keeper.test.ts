import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_SECRETS_OF_REPOSITORY } from '../../workflows/domain/limits.js';
import { SecretName } from '../../workflows/domain/names.js';
import { StoreUnavailable } from '../store/errors.js';
import { createStore } from '../store/store.js';
import type { Store } from '../store/store.ports.js';
import { type ThrowAway, throwAwayPostgres } from '../store/testing.js';
import { giveSecrets } from './give.js';
import { createSecretKeeper, keeperElsewhere, type SecretKeeper } from './keeper.js';
import { KeyFolder } from './keys.js';
import { KeyMissing, SecretDamaged, SecretsElsewhere, TooManySecrets } from './secrets.errors.js';
import { StoredSecrets } from './store.adapter.js';
import { keyFolder } from './testing.js';

const VALUE = 'correct horse battery staple';

let postgres: ThrowAway;
let store: Store;
let folder: string;
let remove: () => Promise<void>;
let keys: KeyFolder;
let keeper: SecretKeeper;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
  store = await createStore({ url: postgres.url, poolSize: 4 });
});
afterAll(async () => {
  await store.close();
  await postgres.remove();
});
beforeEach(async () => {
  await postgres.sql('TRUNCATE secrets');
  ({ folder, remove } = await keyFolder());
  keys = new KeyFolder(folder);
  keeper = createSecretKeeper(store.secrets, keys);
});
afterEach(() => remove());

const set = (name: string, value: string, scope: object = { repository: 'shop' }) =>
  keeper.set({ name: SecretName.parse(name), value, ...scope }, 'ada');
const given = (...names: string[]) =>
  giveSecrets(new StoredSecrets(store.secrets, keys), names, {
    repository: 'shop',
    branch: 'main',
    stage: undefined,
  });
const all = async () => (await keeper.list({ limit: 200 })).items;

describe('the store of secrets', () => {
  it('keeps a value so that nobody reads it in the database', async () => {
    const view = await set('NPM_TOKEN', VALUE);
    expect(view).toEqual({
      id: expect.any(String),
      name: 'NPM_TOKEN',
      repository: 'shop',
      branches: [],
      stage: null,
      version: 1,
      keyId: (await keys.current()).id,
      updatedAt: expect.any(Date),
      updatedBy: 'ada',
    });
    const rows = await postgres.sql<{ row: string }>('SELECT s::text AS row FROM secrets s');
    const dump = JSON.stringify(rows);
    expect(dump).toContain('NPM_TOKEN');
    for (const form of [VALUE, Buffer.from(VALUE).toString('hex')])
      expect(dump).not.toContain(form);
    expect(await given('NPM_TOKEN')).toEqual({ ok: true, values: { NPM_TOKEN: VALUE } });
  });

  it('counts versions of the same name and scope, and keeps other scopes apart', async () => {
    await set('TOKEN', 'first');
    await set('TOKEN', 'second');
    await set('TOKEN', 'of main', { repository: 'shop', branches: ['main', 'main'] });
    await set('TOKEN', 'of all', {});
    const seen = (await all()).map(({ repository, branches, version }) => [
      repository,
      branches,
      version,
    ]);
    expect(seen).toEqual(
      expect.arrayContaining([
        [null, [], 1],
        ['shop', [], 2],
        ['shop', ['main'], 1],
      ]),
    );
    expect(await given('TOKEN')).toMatchObject({ values: { TOKEN: 'of main' } });
  });

  it('keeps what the last of many at once has set, and counts all of them', async () => {
    const many = await Promise.all(Array.from({ length: 4 }, (_, i) => set('TOKEN', `value ${i}`)));
    expect(many.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    const last = many.findIndex(({ version }) => version === 4);
    expect(await given('TOKEN')).toMatchObject({ values: { TOKEN: `value ${last}` } });
  });

  it('gives nothing that was removed', async () => {
    const { id } = await set('TOKEN', VALUE);
    expect(await keeper.remove(id)).toMatchObject({ name: 'TOKEN' });
    expect(await keeper.remove(id)).toBeUndefined();
    expect(await given('TOKEN')).toMatchObject({ ok: false });
  });

  it('has a limit for each repository', async () => {
    await postgres.sql(
      `INSERT INTO secrets SELECT gen_random_uuid(), 'shop', 'S' || n, '{}', '', 1, 'k', '', '', now(),
              now(), 'ada' FROM generate_series(1, ${MAX_SECRETS_OF_REPOSITORY}) n`,
    );
    await expect(set('ONE_MORE', VALUE)).rejects.toThrow(TooManySecrets);
    await set('ONE_MORE', VALUE, { repository: 'other' });
    const first = await keeper.list({ limit: 150 });
    const rest = await keeper.list({ limit: 150, cursor: first.next ?? '' });
    const names = [...first.items, ...rest.items].map(({ id }) => id);
    expect([new Set(names).size, rest.next]).toEqual([MAX_SECRETS_OF_REPOSITORY + 1, null]);
  });

  it('opens no row that was given the bytes of another one', async () => {
    const [a, b] = [await set('A', 'value of a'), await set('B', 'value of b')];
    await postgres.sql(
      `UPDATE secrets s SET wrapped_key = o.wrapped_key, sealed = o.sealed
         FROM secrets o WHERE s.id = $1 AND o.id = $2`,
      [a.id, b.id],
    );
    await expect(given('A')).rejects.toThrow(SecretDamaged);
    await postgres.sql(`UPDATE secrets SET branches = '{}', repository = '' WHERE id = $1`, [b.id]);
    await expect(given('B')).rejects.toThrow(SecretDamaged);
  });

  it('says so when the database is away', async () => {
    await set('TOKEN', VALUE);
    await postgres.halt();
    try {
      await expect(given('TOKEN')).rejects.toThrow(StoreUnavailable);
      await expect(set('TOKEN', VALUE)).rejects.toThrow(StoreUnavailable);
    } finally {
      await postgres.resume();
    }
    expect(await given('TOKEN')).toMatchObject({ ok: true });
  });
});

describe('a rotation', () => {
  it('wraps every secret with a new key, and keeps the old one', async () => {
    await set('A', 'value of a');
    await set('B', 'value of b', {});
    const before = await keys.current();
    const rotation = await keeper.rotate();
    expect(rotation).toMatchObject({ isNewKey: true, rewrapped: 2, hasMore: false, stuck: [] });
    expect(rotation.keyId).not.toBe(before.id);
    expect(new Set((await all()).map(({ keyId }) => keyId))).toEqual(new Set([rotation.keyId]));
    expect((await all()).map(({ version }) => version)).toEqual([1, 1]);
    expect(await given('A', 'B')).toMatchObject({ values: { A: 'value of a', B: 'value of b' } });
    expect(await readdir(folder)).toContain(`${before.id}.key`);
  });

  it('that was killed in the middle leaves all readable, and goes on without another key', async () => {
    for (const name of ['A', 'B', 'C']) await set(name, `value of ${name}`);
    let wrapped = 0;
    const dying = createSecretKeeper(
      {
        ...store.secrets,
        rewrap: (of) => {
          if (wrapped === 1) throw new Error('killed');
          wrapped += 1;
          return store.secrets.rewrap(of);
        },
      },
      keys,
    );
    await expect(dying.rotate()).rejects.toThrow('killed');
    expect(await given('A', 'B', 'C')).toMatchObject({ ok: true });
    const next = await keys.current();
    const gone = await keeper.rotate();
    expect(gone).toMatchObject({ keyId: next.id, isNewKey: false, rewrapped: 2, stuck: [] });
    expect((await keeper.rotate()).isNewKey).toBe(true);
    expect(await given('A', 'B', 'C')).toMatchObject({ ok: true });
  });

  it('goes past a secret whose key is missing, and names it', async () => {
    await set('LOST', VALUE);
    const { id } = await keys.current();
    await keeper.rotate();
    await postgres.sql(`UPDATE secrets SET key_id = $1`, [id]); // As of a backup of the database.
    await set('FINE', VALUE);
    await rename(join(folder, `${id}.key`), join(folder, 'elsewhere'));
    const rotation = await keeper.rotate();
    expect(rotation).toMatchObject({
      rewrapped: 1,
      stuck: [{ name: 'LOST', repository: 'shop', keyId: id }],
    });
    expect(rotation.stuck[0]?.why).toContain('does not exist');
    expect(await given('FINE')).toMatchObject({ ok: true });
    await expect(given('LOST')).rejects.toThrow(KeyMissing);
  });

  it('leaves alone what is set meanwhile', async () => {
    await set('A', 'old value');
    const racing = createSecretKeeper(
      {
        ...store.secrets,
        rewrap: async (of) => {
          await set('A', 'new value');
          return store.secrets.rewrap(of);
        },
      },
      keys,
    );
    await racing.rotate();
    expect(await given('A')).toMatchObject({ values: { A: 'new value' } });
  });
});

describe('secrets that somebody else keeps', () => {
  it('are not set, listed, removed or rotated here', async () => {
    const other = keeperElsewhere('Vault');
    await expect(other.rotate()).rejects.toThrow(SecretsElsewhere);
    await expect(other.list({ limit: 1 })).rejects.toThrow('secrets are kept in Vault here');
  });
});
