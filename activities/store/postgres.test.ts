import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startPostgres } from './postgres.js';
import { freePort } from './testing.js';

// The folder below is 0700, as a home folder is: as root, the stand-in user must still get in.

let home: string;
let options: Parameters<typeof startPostgres>[0];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-home-'));
  const folder = join(home, 'postgres');
  options = { folder, port: await freePort(), fsync: false, log: join(home, 'log') };
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function ask<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('our own PostgreSQL', () => {
  it('keeps its data from start to start, behind a password that others cannot read', async () => {
    const first = await startPostgres(options);
    await ask(first.url, 'CREATE TABLE kept (x integer)');
    await expect(ask(first.url.replace(/:\w+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
      'password',
    );
    expect((await stat(`${options.folder}.password`)).mode & 0o777).toBe(0o600);
    await first.stop();
    await expect(ask(first.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    const second = await startPostgres(options);
    expect(await ask(second.url, 'SELECT * FROM kept')).toEqual([]);
    await second.stop();
  });

  it('takes over from a server that a killed stack left running', async () => {
    const left = await startPostgres(options);
    const next = await startPostgres(options);
    expect(next.pid).not.toBe(left.pid);
    expect(await ask(next.url, 'SELECT 1 AS x')).toEqual([{ x: 1 }]);
    await next.stop();
  });

  it('starts again after a kill -9', async () => {
    const killed = await startPostgres(options);
    process.kill(killed.pid, 'SIGKILL');
    const next = await startPostgres(options);
    expect(await ask(next.url, 'SELECT * FROM kept')).toEqual([]);
    await next.stop();
  });

  it('is not held up by a lock that names a process of somebody else', async () => {
    const lock = join(options.folder, 'postmaster.pid');
    await writeFile(lock, `${process.pid}\n${options.folder}\n`, { mode: 0o644 });
    const server = await startPostgres(options);
    expect(Number((await readFile(lock, 'utf8')).split('\n')[0])).toBe(server.pid);
    await server.stop();
  });
});
