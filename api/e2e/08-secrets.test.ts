/** A secret on the real stack: set by a pipe, used by a step, seen by nobody. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import type { Run } from '../client/wire.js';
import type { Clone } from './harness/clone.js';
import { eventually } from './harness/eventually.js';
import { E2eStack } from './harness/stack.js';

const VALUE = 'correct/horse "battery" stäple & <more>';
/** Prints it in all forms: whole, in halves with time between them, letter by letter. */
const PRINT = `import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
const token = process.env.TOKEN;
if (token.length !== ${VALUE.length}) throw new Error('that is not the secret');
console.log('plain', token);
console.log('json', JSON.stringify({ token }), JSON.stringify(token).replaceAll('/', '\\\\/'));
console.log('url', encodeURIComponent(token), new URLSearchParams({ token }).toString());
console.log('hex', Buffer.from(token).toString('hex'));
for (const before of ['', ':', '::']) console.log(Buffer.from(before + token).toString('base64'));
console.log(Buffer.from(token).toString('base64url'));
process.stdout.write('halves ' + token.slice(0, 20));
await wait(300);
process.stdout.write(token.slice(20) + '\\n');
for (const byte of Buffer.from(token + '\\n')) writeSync(1, Buffer.of(byte));
`;
const PIPELINE = `version: 1
name: secrets
steps:
  use: { run: [node print.mjs], secrets: [TOKEN] }
  unnamed: { needs: [use], run: ['if [ -n "$TOKEN" ]; then echo seen; else echo unseen; fi'] }
`;
const FORMS = [
  VALUE,
  JSON.stringify(VALUE).slice(1, -1),
  JSON.stringify(VALUE).slice(1, -1).replaceAll('/', '\\/'),
  encodeURIComponent(VALUE),
  new URLSearchParams({ t: VALUE }).toString().slice(2),
  Buffer.from(VALUE).toString('hex'),
  Buffer.from(VALUE).toString('base64').replace(/=+$/, ''),
  Buffer.from(VALUE).toString('base64url'),
  Buffer.from(`:${VALUE}`).toString('base64').slice(2, -4),
  Buffer.from(`::${VALUE}`).toString('base64').slice(3, -4),
];

let stack: E2eStack;
let clone: Clone;
beforeAll(async () => {
  stack = await E2eStack.start();
  clone = await stack.clone('shop', { 'print.mjs': PRINT, '.slipway/pipeline.yaml': PIPELINE });
});
afterAll(async () => {
  await clone?.remove();
  await stack?.end();
});

/** Commits, pushes, and waits for the run's end. */
async function pushed(branch = 'main'): Promise<Run> {
  const commit = await clone.commit(`to ${branch}`);
  await clone.git('push', '--quiet', 'slipway', `HEAD:refs/heads/${branch}`);
  const { id } = await stack.runOf('shop', commit);
  return stack.runIs(id, 'succeeded', 'failed', 'errored');
}

/** The command line with something on its standard input. */
async function withInput(
  input: string,
  ...args: string[]
): Promise<{ code: number; said: string }> {
  const node = join(process.cwd(), 'node_modules/.bin/node');
  const child = spawn(node, ['bin/slipway.mjs', ...args], {
    env: { PATH: process.env['PATH'], SLIPWAY_HOME: stack.home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? -1));
  });
  child.stdin.end(input);
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, said: said.join('\n') };
}

/** What the outside keeps: PostgreSQL's rows, Temporal's histories with their payloads, as text. */
async function kept(): Promise<{ rows: string; histories: string }> {
  const ports = JSON.parse(await readFile(join(stack.home, 'ports.json'), 'utf8'));
  const password = (await readFile(join(stack.home, 'postgres.password'), 'utf8')).trim();
  const database = new pg.Client(
    `postgres://slipway:${password}@127.0.0.1:${ports.postgres}/postgres`,
  );
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}` });
  await database.connect();
  try {
    const tables = await database.query(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    const rows: unknown[] = [];
    for (const { name } of tables.rows) {
      const all = await database.query(`SELECT to_jsonb(t) AS row FROM "${name}" t`);
      rows.push(name, ...all.rows.map(({ row }) => row));
    }
    const { workflow } = new Client({ connection });
    const histories: string[] = [];
    for await (const { workflowId, runId } of workflow.list()) {
      const history = await workflow.getHandle(workflowId, runId).fetchHistory();
      histories.push(wordsIn(history).join('\n'));
    }
    return { rows: wordsIn(rows).join('\n'), histories: histories.join('\n') };
  } finally {
    await database.end();
    await connection.close();
  }
}

/** Every text in a document, bytes read as text. */
function wordsIn(part: unknown): string[] {
  if (typeof part === 'string') return [part];
  if (part instanceof Uint8Array) return [Buffer.from(part).toString('utf8')];
  if (Array.isArray(part)) return part.flatMap(wordsIn);
  if (part === null || typeof part !== 'object') return [];
  return Object.entries(part).flatMap(([name, value]) => [name, ...wordsIn(value)]);
}

/** Files below the stack's home that hold one of these texts. */
async function filesWith(texts: readonly string[]): Promise<string[]> {
  // A folder may go while we look: of a step that ended, or of git.
  const entries = await eventually('the home is read', () =>
    readdir(stack.home, { recursive: true, withFileTypes: true }),
  );
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    if (texts.some((form) => content.includes(form))) found.push(path);
  }
  return found;
}

describe('a secret', () => {
  it('that nobody has set is refused by name, with how to set it', async () => {
    const run = await pushed();
    expect([run.status, run.reason]).toEqual([
      'failed',
      expect.stringMatching(/the secret "TOKEN" is not set\..*slipway secrets set NAME/),
    ]);
  });

  it('is set through a pipe, and shown to nobody', async () => {
    const args = ['secrets', 'set', 'TOKEN', '--repository', 'shop', '--branch', 'main'];
    const { code, said } = await withInput(`${VALUE}\n`, ...args);
    expect([code, said.trim()]).toEqual([0, 'TOKEN is set for "shop", on main; version 1']);
    const list = await stack.slipway('secrets', 'list');
    expect(list.stdout).toMatch(/TOKEN +shop +main +– +1/);
    const short = await withInput('abc\n', ...args);
    expect([short.code, short.said]).toEqual([
      2,
      expect.stringContaining('could not be hidden in logs'),
    ]);
    const { stdout } = await stack.slipway('audit');
    expect(`${list.stdout}${stdout}`).not.toContain('horse');
  });

  it('reaches the step that names it, whose log shows stars for every form', async () => {
    const run = await pushed();
    expect([run.reason, run.status]).toEqual([null, 'succeeded']);
    const { stdout: log } = await stack.slipway('logs', run.id);
    for (const form of FORMS) expect(log).not.toContain(form);
    expect(log).toContain('plain ***\n');
    expect(log).toContain('halves ***\n***\n');
    expect(log.match(/\*\*\*/g)?.length).toBeGreaterThanOrEqual(12);
    expect(log).toMatch(/^.*unseen$/m);
  });

  it('is given to no other branch', async () => {
    const run = await pushed('feature');
    expect([run.status, run.reason]).toEqual([
      'failed',
      expect.stringContaining('the secret "TOKEN" is not set for the branch "feature"'),
    ]);
    const { stdout } = await stack.slipway('logs', run.id);
    expect(stdout).not.toMatch(/plain|horse/);
  });

  it('is wrapped with a new key, and used as before', async () => {
    const before = await stack.client.secrets.list();
    const { code, stdout } = await stack.slipway('secrets', 'rotate');
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('1 secret is wrapped with the new'),
    ]);
    const after = await stack.client.secrets.list();
    expect(after.items[0]?.keyId).not.toBe(before.items[0]?.keyId);
    expect(await pushed()).toMatchObject({ status: 'succeeded' });
  });

  it('is in no row, no history and no file of the stack, in no form', async () => {
    const { rows, histories } = await kept();
    expect(rows).toContain('is not set for the branch');
    expect(histories).toContain('TOKEN');
    for (const form of FORMS) {
      expect(rows).not.toContain(form);
      expect(histories).not.toContain(form);
    }
    expect(await filesWith(FORMS)).toEqual([]);
  });

  it('is gone when it was removed', async () => {
    const { code } = await stack.slipway('secrets', 'remove', 'TOKEN', '--repository', 'shop');
    expect(code).toBe(0);
    expect(await pushed()).toMatchObject({ status: 'failed' });
  });
});
