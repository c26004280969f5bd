import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TemporalUnavailable } from '../platform/errors.js';
import { BareRepositories } from './bare.repositories.js';
import { Housekeeping } from './housekeeping.js';
import { createPipelineFiles } from './pipeline-files.adapter.js';
import { Clone, eventually, git, succeeds, TestGitServer } from './testing/git-server.js';

// The real git client against the real endpoint. Only Temporal is played.

const PIPELINE = `version: 1
name: delivery
steps:
  test: { run: [npm test] }
  report: { needs: [test], run: [./report.sh] }
`;
const file = { '.slipway/pipeline.yaml': PIPELINE };

let server: TestGitServer;
beforeAll(async () => {
  server = await TestGitServer.start();
});
afterAll(() => server.remove());
beforeEach(() => {
  server.workflows.play = succeeds;
  server.workflows.trouble = undefined;
});

/** The status that a body of this length gets, before any of it is sent. */
function postLength(url: string, length: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`x:${server.admin}`)}`,
        'content-type': 'application/x-git-receive-pack-request',
        'content-length': length,
      },
    });
    asked.on('response', (answer) => {
      resolve(answer.statusCode);
      asked.destroy();
    });
    asked.on('error', reject);
    asked.flushHeaders();
  });
}

const settled = (repository: string) =>
  eventually(async () => {
    const left = await server.store.repositories.unsettledPushes(repository);
    return left.length === 0 || undefined;
  });
const runsOf = async (repository: string) =>
  (await server.store.runs.list({ repository, limit: 50 })).items;

describe('who gets in', () => {
  it('asks for a token, and takes only one that is valid', async () => {
    const clone = await server.clone('shop', file, '');
    const nobody = await clone.push();
    expect(nobody.code).not.toBe(0);
    expect(nobody.text).toContain('could not read Username');
    const wrong = await git(clone.folder, ['ls-remote', server.address('shop', 'slp_wrong')]);
    expect(wrong.text).toContain('Authentication failed');
    const answer = await fetch(`${server.url}/git/shop.git/info/refs?service=git-upload-pack`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Basic');
    expect(await answer.text()).toContain('token');
  });

  it('creates a repository with the first push of an admin, and of nobody else', async () => {
    const developer = await server.tokenOf('dev', ['read', 'push']);
    const clone = await server.clone('fresh', file, developer);
    const refused = await clone.push();
    expect(refused.text).toContain('There is no repository "fresh"');
    await clone.git('remote', 'set-url', 'slipway', server.address('fresh'));
    expect((await clone.push()).code).toBe(0);
    await clone.git('remote', 'set-url', 'slipway', server.address('fresh', developer));
    await clone.commit({ 'a.txt': 'by dev' });
    expect((await clone.push()).code).toBe(0);
    expect((await runsOf('fresh')).map(({ trigger }) => trigger.by)).toEqual(['dev', 'admin']);
  });

  it('answers 404 for a repository that is not there', async () => {
    const said = await git(server.root, ['ls-remote', server.address('nothing-here')]);
    expect(said.code).not.toBe(0);
    expect(said.text).toContain('There is no repository "nothing-here"');
  });

  it('wants the scope push for a push, and read for a fetch', async () => {
    const clone = await server.clone('scoped', file);
    await clone.push();
    const reader = await server.tokenOf('reader', ['read']);
    expect((await git(server.root, ['ls-remote', server.address('scoped', reader)])).code).toBe(0);
    const refused = await git(clone.folder, ['push', server.address('scoped', reader), 'main:x']);
    expect(refused.text).toContain('lacks the scope "push"');
    const pusher = await server.tokenOf('pusher', ['push']);
    const blind = await git(server.root, ['ls-remote', server.address('scoped', pusher)]);
    expect(blind.text).toContain('lacks the scope "read"');
  });

  it('lets everybody fetch what should serve, and nobody push to it', async () => {
    const gitops = join(server.repositories, 'gitops.git');
    await mkdir(gitops, { recursive: true });
    await git(gitops, ['init', '--quiet', '--bare', '--initial-branch=main']);
    expect((await git(server.root, ['ls-remote', server.address('gitops')])).code).toBe(0);
    const clone = await server.clone('gitops', file);
    expect((await clone.push()).text).toContain('written by deploys only');
  });

  it('serves nothing but git, and no name that leaves the folder', async () => {
    const basic = { authorization: `Basic ${btoa(`x:${server.admin}`)}` };
    const ask = async (path: string) =>
      (await fetch(`${server.url}/git/${path}`, { headers: basic })).status;
    const refs = 'info/refs?service=git-upload-pack';
    expect(await ask('shop.git/HEAD')).toBe(404);
    expect(await ask('shop.git/info/refs')).toBe(404);
    expect(await ask(`..%2f..%2fetc.git/${refs}`)).toBe(404);
    expect(await ask(`.server.git/${refs}`)).toBe(404);
    expect(await ask(`UPPER.git/${refs}`)).toBe(404);
  });

  it('says plainly that the record is away', async () => {
    const clone = await server.clone('away', file);
    await clone.push();
    await server.postgres.halt();
    try {
      await clone.commit({ 'b.txt': 'b' });
      const said = await clone.push();
      expect(said.code).not.toBe(0);
      expect(said.text).toContain('503');
    } finally {
      await server.postgres.resume();
    }
    await eventually(async () => (await clone.push()).code === 0 || undefined);
  });
});

describe('a push', () => {
  it('tells its run line by line, and what came of it', async () => {
    const clone = await server.clone('told', file);
    const { code, text } = await clone.push();
    expect(code).toBe(0);
    expect(text).toMatch(/remote: run told-1: delivery, [0-9a-f]{7} on main\n/);
    expect(text).toMatch(/remote: ▸ test … ok/);
    expect(text).toMatch(/remote: told-1 succeeded/);
    const [run] = await runsOf('told');
    expect(run).toMatchObject({ id: 'told-1', branch: 'main', trigger: { kind: 'push' } });
    expect(await server.store.repositories.unsettledPushes('told')).toEqual([]);
    expect((await server.store.audit.list({ limit: 50 })).items).toContainEqual(
      expect.objectContaining({ action: 'git.push', subject: 'repository/told', by: 'admin' }),
    );
  });

  it('returns when the run waits for people, with the commands that answer', async () => {
    server.workflows.play = async ({ run }, write) => {
      const at = new Date();
      const reason = 'asks release-team';
      await write({
        steps: [
          { runId: run.id, name: 'test', status: 'succeeded', at },
          { runId: run.id, name: 'ask', status: 'waiting', reason, at },
        ],
        runs: [{ runId: run.id, status: 'waiting', reason, at }],
      });
    };
    const asks = `version: 1\nname: asks\nsteps:\n  test: { run: [x] }\n  ask: { needs: [test], approve: {} }\n`;
    const clone = await server.clone('asking', { '.slipway/pipeline.yaml': asks });
    const { code, text } = await clone.push();
    expect(code).toBe(0);
    expect(text).toContain('remote: asking-1 waits for an approval at "ask"');
    expect(text).toContain('remote:   approve: slipway approve asking-1 ask');
  });

  it('prints every finding, and records the run as failed at lint', async () => {
    const wrong = PIPELINE.replace('needs: [test]', 'needs: [tset]').replace('name:', 'nme:');
    const clone = await server.clone('wrong', { '.slipway/pipeline.yaml': wrong });
    const { code, text } = await clone.push();
    expect(code).toBe(0);
    expect(text).toContain('.slipway/pipeline.yaml:5 steps.report.needs[0]');
    expect(text).toContain('did you mean "test"');
    expect(text).toMatch(/\.slipway\/pipeline\.yaml:2.*nme/);
    expect(text).toContain('wrong-1 failed');
    expect((await runsOf('wrong'))[0]).toMatchObject({ status: 'failed' });
    expect(server.workflows.started.has('wrong-1')).toBe(false);
  });

  it('says how to add a pipeline where there is none', async () => {
    const clone = await server.clone('bare', { 'readme.md': 'hello' });
    const { code, text } = await clone.push();
    expect(code).toBe(0);
    expect(text).toContain('no run: there is no .slipway/pipeline.yaml');
    expect(await runsOf('bare')).toEqual([]);
  });

  it('reads pipeline.yml too', async () => {
    const clone = await server.clone('yml', { '.slipway/pipeline.yml': PIPELINE });
    expect((await clone.push()).text).toContain('run yml-1');
  });

  it('starts only what on.push takes, and says why not', async () => {
    const only = PIPELINE.replace(
      'steps:',
      'on: { push: { branches: [main], paths: ["src/**"] } }\nsteps:',
    );
    const clone = await server.clone('picky', { '.slipway/pipeline.yaml': only });
    expect((await clone.push()).text).toContain('run picky-1');
    expect((await clone.push('main:topic')).text).toMatch(/no run: .*"topic"/);
    await clone.commit({ 'readme.md': 'more' });
    expect((await clone.push()).text).toMatch(/no run: .*on\.push\.paths/);
    await clone.commit({ 'src/a.js': '1' });
    expect((await clone.push()).text).toContain('run picky-');
    expect(await runsOf('picky')).toHaveLength(2);
  });

  it('starts nothing for tags and deleted branches', async () => {
    const clone = await server.clone('tags', file);
    await clone.push('main', 'main:topic');
    await clone.git('tag', 'v1');
    expect((await clone.push('v1', ':topic')).code).toBe(0);
    expect(await runsOf('tags')).toHaveLength(2);
  });

  it('starts one run for each branch, and tells them apart', async () => {
    const clone = await server.clone('many', file);
    const { text } = await clone.push('main', 'main:topic');
    expect(text).toMatch(/\[many-1\] ▸ test … ok/);
    expect(text).toMatch(/\[many-2\] ▸ test … ok/);
    const branches = (await runsOf('many')).map(({ branch }) => branch);
    expect(new Set(branches)).toEqual(new Set(['main', 'topic']));
  });

  it('streams big bodies, and refuses those over the limit', async () => {
    const noise = Array.from({ length: 40_000 }, () => Math.random().toString(36)).join('\n');
    const clone = await server.clone('big', { ...file, 'noise.txt': noise.repeat(4) });
    await clone.git('config', 'http.postBuffer', '4096');
    expect((await clone.push()).code).toBe(0);
    const copy = new Clone(join(server.root, 'big-copy'));
    expect((await git(server.root, ['clone', server.address('big'), copy.folder])).code).toBe(0);
    const head = await clone.git('rev-parse', 'HEAD');
    expect((await copy.git('rev-parse', 'HEAD')).text).toBe(head.text);
    const status = await postLength(`${server.url}/git/big.git/git-receive-pack`, 536_870_913);
    expect(status).toBe(413);
  });

  it('keeps internal refs to itself', async () => {
    const clone = await server.clone('hidden', file);
    await clone.push();
    const bare = join(server.repositories, 'hidden.git');
    await git(bare, ['update-ref', 'refs/slipway/x', 'main']);
    expect((await clone.git('ls-remote', 'slipway')).text).not.toContain('refs/slipway');
    const refused = await clone.push('main:refs/slipway/y');
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain('hidden ref');
  });

  it('takes no broken objects', async () => {
    const clone = await server.clone('broken', file);
    const tree = (await clone.git('rev-parse', 'HEAD^{tree}')).text.trim();
    const raw = join(clone.folder, 'raw');
    await writeFile(raw, `tree ${tree}\nauthor broken\n\nno committer\n`);
    const made = await clone.git('hash-object', '-t', 'commit', '--literally', '-w', raw);
    const refused = await clone.push(`${made.text.trim()}:refs/heads/main`);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toMatch(/fsck|invalid/);
  });
});

describe('a repository', () => {
  it('is packed after many pushes, and keeps what no branch names any more', async () => {
    const clone = await server.clone('packed', file);
    await clone.push();
    const lost = await clone.commit({ 'lost.txt': 'lost' });
    await clone.push();
    await clone.push('+main~1:main');
    const bare = join(server.repositories, 'packed.git');
    const repositories = new BareRepositories(server.repositories, process.env);
    const housekeeping = new Housekeeping(repositories, console, 2);
    housekeeping.pushed('packed');
    housekeeping.pushed('packed');
    await housekeeping.idle();
    const counted = await git(bare, ['count-objects', '-v']);
    expect(counted.text).toMatch(/^count: 0\n[\s\S]*packs: 1\n/);
    expect((await git(bare, ['cat-file', '-t', lost])).text).toContain('commit');
  });

  it('is read at a branch, tag or commit, and at nothing else', async () => {
    const clone = await server.clone('read', file);
    const commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
    await clone.git('tag', 'v1');
    await clone.push('main', 'main:topic', 'v1');
    const files = createPipelineFiles(new BareRepositories(server.repositories, process.env));
    const found = { commit, text: PIPELINE };
    expect(await files.read('read', undefined)).toEqual({ ...found, branch: 'main' });
    expect(await files.read('read', 'topic')).toEqual({ ...found, branch: 'topic' });
    expect(await files.read('read', 'refs/heads/topic')).toEqual({ ...found, branch: 'topic' });
    expect(await files.read('read', 'v1')).toEqual({ ...found, branch: null });
    expect(await files.read('read', commit.slice(0, 8))).toEqual({ ...found, branch: null });
    await git(join(server.repositories, 'read.git'), ['update-ref', 'refs/slipway/x', commit]);
    for (const ref of [
      'nothing',
      'main^{tree}',
      'refs/slipway/x',
      'HEAD~0',
      'main~0',
      'main@{0}',
      'main^{/change}',
      '--all',
      ':x',
      '../x',
    ]) {
      expect(await files.read('read', ref)).toBeUndefined();
    }
    expect(await files.read('nothing-here', undefined)).toBeUndefined();
  });
});

describe('a push that is disturbed', () => {
  it('is refused, and changes nothing, while Temporal is away', async () => {
    const clone = await server.clone('temporal', file);
    await clone.push();
    server.workflows.trouble = new TemporalUnavailable(new Error('connection refused'));
    const commit = await clone.commit({ 'c.txt': 'c' });
    const refused = await clone.push();
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain('nothing was changed: Temporal cannot be reached');
    expect(await runsOf('temporal')).toHaveLength(1);
    await settled('temporal');
    server.workflows.trouble = undefined;
    expect((await clone.push()).code).toBe(0);
    expect((await runsOf('temporal'))[0]).toMatchObject({ commit });
  });

  it('gets its run when Temporal comes back, when it was accepted before', async () => {
    const clone = await server.clone('later', file);
    const { workflows } = server;
    const ping = workflows.ping.bind(workflows);
    workflows.ping = async () => {
      // Answers for the last time.
      workflows.trouble = new TemporalUnavailable(new Error('connection refused'));
      return true;
    };
    const accepted = await clone.push();
    workflows.ping = ping;
    expect(accepted.code).toBe(0);
    expect(accepted.text).toContain('later-1 is accepted and starts as soon as Slipway is whole');
    workflows.trouble = undefined;
    await eventually(async () => (await runsOf('later')).length === 1 || undefined);
    await settled('later');
  });

  it('gets exactly one run when the API died between the two hooks', async () => {
    const clone = await server.clone('killed', file);
    await clone.push();
    const before = (await clone.git('rev-parse', 'HEAD')).text.trim();
    const commit = await clone.commit({ 'd.txt': 'd' });
    const prepared = {
      run: { id: 'killed-7', order: 7, repository: 'killed', commit, branch: 'main' },
      plan: {
        pipeline: 'delivery',
        steps: [{ name: 's', kind: 'run', spec: { commands: ['x'] } }],
      },
    };
    await server.store.repositories.receivePush({
      repository: 'killed',
      ref: 'refs/heads/main',
      oldCommit: before,
      newCommit: commit,
      by: 'admin',
      runId: 'killed-7',
      order: 7,
      pipeline: {
        run: { ...prepared.run, pipeline: 'delivery' },
        trigger: { kind: 'push', by: 'admin', inputs: {} },
        plan: prepared.plan,
        findings: [],
      },
    });
    await server.down();
    // What git did after the API was gone.
    await clone.git('push', join(server.repositories, 'killed.git'), 'main');
    await server.up();
    await eventually(async () => (await runsOf('killed')).length === 2 || undefined);
    expect((await runsOf('killed'))[0]).toMatchObject({ id: 'killed-7', commit });
    await settled('killed');
    await clone.git('remote', 'set-url', 'slipway', server.address('killed'));
    expect((await clone.push()).text).toContain('up-to-date');
    expect(await runsOf('killed')).toHaveLength(2);
  });

  it('never makes two runs when it is tried again', async () => {
    const clone = await server.clone('again', file);
    const commit = (await clone.git('rev-parse', 'HEAD')).text.trim();
    const twice = await Promise.all([clone.push(), clone.push(), clone.push()]);
    expect(twice.some(({ code }) => code === 0)).toBe(true);
    await settled('again');
    expect((await runsOf('again')).map((run) => run.commit)).toEqual([commit]);
  });

  it('starts nothing when a branch was to be turned back and Temporal is away', async () => {
    const clone = await server.clone('back', file);
    await clone.push();
    await clone.commit({ 'e.txt': 'e' });
    await clone.push();
    server.workflows.trouble = new TemporalUnavailable(new Error('connection refused'));
    expect((await clone.push('+main~1:main')).code).not.toBe(0);
    await settled('back');
    server.workflows.trouble = undefined;
    expect(await runsOf('back')).toHaveLength(2);
    expect((await clone.push('+main~1:main')).code).toBe(0);
    expect(await runsOf('back')).toHaveLength(3);
  });

  it('leaves the run alone when the push is interrupted', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    server.workflows.play = async (input, write) => {
      await finished;
      await succeeds(input, write);
    };
    const clone = await server.clone('left', file);
    let kill: () => void = () => undefined;
    const pushed = git(clone.folder, ['push', 'slipway', 'main'], (end) => {
      kill = end;
    });
    await eventually(async () => (await runsOf('left')).length === 1 || undefined);
    kill();
    await pushed;
    finish();
    await eventually(async () => (await runsOf('left'))[0]?.status === 'succeeded' || undefined);
    const remote = await git(server.root, ['ls-remote', server.address('left'), 'main']);
    expect(remote.text).toContain((await clone.git('rev-parse', 'HEAD')).text.trim());
    await settled('left');
  });

  it('finds no bug on any of these paths', () => {
    const bad = server.logged.filter((line) => line.startsWith('error'));
    expect(bad).toEqual([]);
  });
});
