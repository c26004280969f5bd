import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BareRepositories } from './bare.repositories.js';
import { createPipelineFiles } from './pipeline-files.adapter.js';
import { type Clone, git, succeeds, TestGitServer } from './testing/git-server.js';

// Pushes and requests that no honest client makes. After each, the server must answer as before.

const PIPELINE = 'version: 1\nname: x\nsteps:\n  a: { run: [x] }\n';
const file = { '.slipway/pipeline.yaml': PIPELINE };
const MIB = 1_048_576;

let server: TestGitServer;
beforeAll(async () => {
  server = await TestGitServer.start();
  server.workflows.play = succeeds;
});
afterAll(() => server.remove());
afterEach(async () => {
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

/** Feeds a git command. */
async function fed(clone: Clone, args: string, input: string): Promise<string> {
  const name = 'input-of-the-test';
  await writeFile(join(clone.folder, name), input);
  const script = `git ${args} < ${name}`;
  const { text } = await git(clone.folder, ['-c', `alias.x=!${script}`, 'x']);
  return text.trim();
}

/** Folders in folders, each ten times the same one: ten thousand million files in eleven objects. */
async function bomb(clone: Clone): Promise<string> {
  const blob = (await clone.git('rev-parse', 'HEAD:.slipway/pipeline.yaml')).text.trim();
  const names = Array.from({ length: 10 }, (_, i) => i);
  const lines = (line: (i: number) => string) => `${names.map(line).join('\n')}\n`;
  let tree = await fed(
    clone,
    'mktree',
    lines((i) => `100644 blob ${blob}\tf${i}`),
  );
  for (let depth = 0; depth < 9; depth++) {
    const below = tree;
    tree = await fed(
      clone,
      'mktree',
      lines((i) => `040000 tree ${below}\td${i}`),
    );
  }
  return (await clone.git('commit-tree', '-p', 'HEAD', '-m', 'bomb', tree)).text.trim();
}

/** Makes so many tags in one push; the git client itself would take minutes to write it down. */
async function rawPush(repository: string, commit: string, count: number): Promise<string> {
  const line = (text: string) => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
  const [nothing, features] = ['0'.repeat(40), '\0report-status side-band-64k'];
  const updates = Array.from({ length: count }, (_, i) =>
    line(`${nothing} ${commit} refs/tags/t${i}${i === 0 ? features : ''}`),
  );
  const pack = Buffer.from('PACK\0\0\0\u0002\0\0\0\0', 'latin1');
  const sum = createHash('sha1').update(pack).digest();
  const answer = await fetch(`${server.url}/git/${repository}.git/git-receive-pack`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`x:${server.admin}`)}`,
      'content-type': 'application/x-git-receive-pack-request',
    },
    body: Buffer.concat([Buffer.from(`${updates.join('')}0000`), pack, sum]),
  });
  return answer.text();
}

describe('a hostile push', () => {
  it('of more files than there is memory for is refused, and not unpacked', async () => {
    const clone = await server.clone('bomb', file);
    await clone.push();
    const refused = await clone.push(`${await bomb(clone)}:refs/heads/main`);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain('has more than 500000 files');
  });

  it('of more refs than one call can tell is refused, and the next one is taken', async () => {
    const clone = await server.clone('crowd', file);
    await clone.push();
    const commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
    const refused = await rawPush('crowd', commit, 12_000);
    expect(refused).toContain('too many refs at once');
    expect(refused).toContain('ng refs/tags/t0 pre-receive hook declined');
    expect((await clone.push('main:topic')).code).toBe(0);
  });

  it.each([
    ['refs/replace/', 'is no branch, tag or note'],
    ['refs/internal/x', 'is no branch, tag or note'],
    ['refs/slipway/x', 'hidden ref'],
    ['refs/heads/--upload-pack=x', 'taken for an option'],
    [`refs/heads/${'c'.repeat(40)}`, 'taken for a commit'],
    ['refs/heads/a\u202eb', 'cannot be seen'],
    [`refs/heads/${'x/'.repeat(200)}x`, 'the limit is 255'],
    ['HEAD', 'fully qualify the ref'],
    ['refs/heads/../../x', 'invalid refspec'],
  ])('to %j is refused', async (ref, why) => {
    const clone = await server.clone('names', file);
    const commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
    const full = ref.endsWith('/') ? `${ref}${commit}` : ref;
    const refused = await clone.push(`${commit}:${full}`);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain(why);
  });

  it('cannot replace the pipeline of a commit by that of another', async () => {
    const clone = await server.clone('replaced', file);
    const commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
    await clone.push();
    const other = await clone.commit({ '.slipway/pipeline.yaml': 'other' });
    await clone.push('main:other');
    const bare = join(server.repositories, 'replaced.git');
    await git(bare, ['update-ref', `refs/replace/${commit}`, other]);
    await clone.push(`${commit}:refs/heads/again`);
    const { items } = await server.store.runs.list({ repository: 'replaced', limit: 9 });
    expect(items.filter((run) => run.commit === commit).map((run) => run.status)).not.toContain(
      'failed',
    );
  });

  it('with options that the server does not know is refused', async () => {
    const clone = await server.clone('options', file);
    const refused = await clone.push('--push-option=ci.skip', 'main');
    expect(refused.text).toContain('does not support push options');
  });

  it('cannot put a branch in the place of a commit', async () => {
    const clone = await server.clone('shadow', file);
    const commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
    await clone.push();
    const bare = join(server.repositories, 'shadow.git');
    const other = await clone.commit({ '.slipway/pipeline.yaml': 'other' });
    await clone.push('main:topic');
    await git(bare, ['update-ref', `refs/heads/${commit}`, other]);
    const files = createPipelineFiles(new BareRepositories(server.repositories, process.env));
    expect(await files.read('shadow', commit)).toEqual({ commit, branch: null, text: PIPELINE });
  });
});

describe('a hostile request', () => {
  /** Whether so many bytes of one line again and again, compressed to a thousandth, are answered. */
  function ask(repository: string, line: string, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = request(`${server.url}/git/${repository}.git/git-upload-pack`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`x:${server.admin}`)}`,
          'content-type': 'application/x-git-upload-pack-request',
          'content-encoding': 'gzip',
        },
      });
      asked.on('response', (answer) => {
        answer.resume();
        answer.on('close', () => resolve(answer.complete && answer.statusCode === 200));
        answer.on('error', () => resolve(false));
      });
      asked.on('error', () => resolve(false));
      const lines = line.repeat(Math.ceil(MIB / line.length));
      const body = Readable.from(Array.from({ length: bytes / MIB }, () => Buffer.from(lines)));
      body.pipe(createGzip()).pipe(asked);
    });
  }

  it('that unfolds to more than a fetch may ask with is ended', async () => {
    const clone = await server.clone('zipped', file);
    await clone.push();
    const commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
    expect(await ask('zipped', `0032want ${commit}\n`, 64 * MIB)).toBe(false);
    expect(await ask('zipped', '0000', MIB)).toBe(true);
  });

  it('compressed, but honest, is answered', async () => {
    const clone = await server.clone('honest', file);
    await clone.push();
    const copy = await server.clone('honest-copy', file);
    const commits = Array.from(
      { length: 60 },
      (_, i) => `commit refs/heads/main\ncommitter E <e@e> ${1e9 + i} +0000\ndata 1\n${i % 9}\n`,
    );
    await fed(copy, 'fast-import --quiet --force', commits.join(''));
    // So many commits of its own to offer that git compresses its question.
    const fetched = await copy.git('fetch', server.address('honest'), 'main');
    expect(fetched.code).toBe(0);
  });
});
