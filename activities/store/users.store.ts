/** Users and their tokens. A token is known by its sha256 only. */
import { type DataSource, IsNull } from 'typeorm';
import { inBatches } from '../platform/in-batches.js';
import { exactTime, isUuid, MAX_PAGE, pageOf, pageSize, placeOf } from './cursor.js';
import type { Db } from './db.js';
import { TokenEntity } from './entities/token.entity.js';
import { UserEntity } from './entities/user.entity.js';
import { ERASED } from './erased.js';
import { IdTaken, reaching } from './errors.js';
import type { Page, TokenRow, User, UsersStore } from './store.ports.js';

const TOKEN = `id, login, name, scopes, created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", last_used_at AS "lastUsedAt", requests_per_minute AS "requestsPerMinute",
  tokens_per_minute AS "tokensPerMinute"`;
const LIVE = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())';
/** Tokens that are looked up with one statement. */
const MAX_LOOK_UPS = 200;
const USER = { login: true, teams: true, disabled: true } as const;

export function createUsers(db: Db, source: DataSource): UsersStore {
  const users = source.getRepository(UserEntity);
  const tokens = source.getRepository(TokenEntity);
  return {
    put: ({ login, teams, disabled }) =>
      reaching(async () => {
        if (login === ERASED) throw new IdTaken('user', login);
        await users.upsert({ login, teams, disabled }, ['login']);
      }),

    get: async (login) =>
      (await reaching(() => users.findOne({ select: USER, where: { login } }))) ?? undefined,

    list: async ({ limit, cursor }) => {
      const size = pageSize(limit);
      const [after] = placeOf(cursor, ['text']);
      const rows = await db.query<User>(
        `SELECT login, teams, disabled FROM users
          WHERE $1::text IS NULL OR login > $1 ORDER BY login LIMIT $2`,
        [after, size + 1],
      );
      return pageOf(
        rows,
        size,
        (row) => row,
        (row) => [row.login],
      );
    },

    approvers: async (from) => {
      const rows = await db.query<{ login: string }>(
        `SELECT login FROM users
          WHERE NOT disabled AND (cardinality($1::text[]) = 0 OR login = ANY($1) OR teams && $1)
            AND EXISTS (SELECT FROM tokens WHERE tokens.login = users.login AND ${LIVE}
                           AND scopes && ARRAY['approve', 'admin'])
          ORDER BY login LIMIT ${MAX_PAGE}`,
        [from],
      );
      return rows.map((row) => row.login);
    },

    addToken: async ({ login, name, hash, scopes, expiresAt, budget }) => {
      // The update changes nothing: it makes the token that is there already come back.
      const [row] = await db.query<TokenRow>(
        `INSERT INTO tokens (login, name, hash, scopes, expires_at,
                             requests_per_minute, tokens_per_minute)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (hash) DO UPDATE SET name = tokens.name RETURNING ${TOKEN}`,
        [
          ...[login, name, hash, scopes, expiresAt],
          ...[budget?.requestsPerMinute ?? null, budget?.tokensPerMinute ?? null],
        ],
      );
      if (!row) throw new Error('PostgreSQL kept a token and returned no row');
      return row;
    },

    byTokenHash: inBatches((hashes: readonly Buffer[]) => byTokenHashes(db, hashes), MAX_LOOK_UPS),

    tokens: (query) => tokensOf(db, query),

    revokeToken: (id, login) =>
      reaching(async () => {
        if (!isUuid(id)) return false;
        const which = login === undefined ? { id } : { id, login };
        await tokens.update({ ...which, revokedAt: IsNull() }, { revokedAt: new Date() });
        return tokens.existsBy(which);
      }),
  };
}

async function tokensOf(
  db: Db,
  { login, limit, cursor }: Parameters<UsersStore['tokens']>[0],
): Promise<Page<TokenRow>> {
  const size = pageSize(limit);
  const [createdAt, id] = placeOf(cursor, ['time', 'text']);
  const rows = await db.query<TokenRow & { exact: string }>(
    `SELECT ${TOKEN}, ${exactTime('created_at')} AS exact FROM tokens
      WHERE ($1::text IS NULL OR login = $1)
        AND ($2::timestamptz IS NULL OR (created_at, id::text) < ($2, $3))
      ORDER BY created_at DESC, id DESC LIMIT $4`,
    [login ?? null, createdAt, id, size + 1],
  );
  return pageOf(
    rows,
    size,
    ({ exact: _exact, ...token }) => token,
    (row) => [row.exact, row.id],
  );
}

type Known = NonNullable<Awaited<ReturnType<UsersStore['byTokenHash']>>>;
type Found = TokenRow & Pick<User, 'teams' | 'disabled'> & { hash: Buffer; due: boolean };

/** Every request asks for one: those that come together are asked for together. */
async function byTokenHashes(db: Db, hashes: readonly Buffer[]): Promise<(Known | undefined)[]> {
  const rows = await db.query<Found>(
    `SELECT t.*, u.teams, u.disabled
       FROM (SELECT ${TOKEN}, hash,
                    last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS due
               FROM tokens WHERE hash = ANY($1) AND ${LIVE}) t
       JOIN users u ON u.login = t.login AND NOT u.disabled`,
    [hashes],
    'tokens-by-hash',
  );
  const due = rows.filter((row) => row.due).map(({ id }) => id);
  if (due.length > 0) {
    await db.query('UPDATE tokens SET last_used_at = now() WHERE id = ANY($1)', [due]);
  }
  const byHash = new Map(rows.map((row) => [row.hash.toString('hex'), knownOf(row)]));
  return hashes.map((hash) => byHash.get(hash.toString('hex')));
}

function knownOf({ teams, disabled, due: _due, hash: _hash, ...token }: Found): Known {
  return { user: { login: token.login, teams, disabled }, token };
}
