import { readdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import type { StepResult } from '../../workflows/domain/step.js';
import { extractArchive } from '../artifacts/archive.js';
import { contextOf, Stand } from './build.testing.js';

let executor: 'plain' | 'sandbox' = 'plain';
let stand: Stand;
beforeEach(async () => {
  stand = await Stand.open(executor);
});
afterEach(() => stand.close());

/** Of the tests beside the call. */
function useExecutor(name: typeof executor): void {
  beforeAll(() => {
    executor = name;
  });
  afterAll(() => {
    executor = 'plain';
  });
}

const result = (given: unknown) => given as StepResult;

describe.each(['plain', 'sandbox'] as const)('in the executor %s, a run step', (name) => {
  useExecutor(name);

  it('runs its commands in a checkout, and says in its log how they are run', async () => {
    stand.files = { 'src/a.txt': 'hello\n' };
    expect(await stand.run(['cd src', 'cat a.txt'])).toEqual({
      verdict: 'succeeded',
      summary: '2 commands ok',
      exitCode: 0,
    });
    const [notice, ...rest] = stand.logs.text().split('\n');
    expect(notice).toBe(stand.executor.notice);
    expect(notice).toMatch(name === 'plain' ? /not isolated.*not protected are/ : /are isolated/);
    expect(rest).toEqual(['$ cd src', '$ cat a.txt', 'hello', '']);
    expect(stand.logs.written[0]).toMatchObject({ step: 'test', attempt: 2, stream: 'slipway' });
  });

  it('says no with the command, its exit code and its signal', async () => {
    expect(await stand.run(['true', 'exit 3', 'true'])).toEqual({
      verdict: 'failed',
      reason: 'command 2 of 3, "exit 3", ended with exit code 3',
      exitCode: 3,
    });
    expect(await stand.run(["sh -c 'kill -9 $$'; false"])).toMatchObject({
      exitCode: 137,
      signal: 'SIGKILL',
      reason: expect.stringContaining('was ended by SIGKILL; did the machine run out of memory?'),
    });
    expect(stand.logs.text('slipway')).toContain('ended with exit code 3\n');
  });

  it('says so when a command ends the shell with success before the others ran', async () => {
    expect(await stand.run(['exit 0', 'false'])).toMatchObject({ verdict: 'succeeded' });
    expect(stand.logs.text()).toContain('1 commands after it did not run');
  });

  it('hands outputs on, and says no to those it did not declare', async () => {
    const write = 'echo "version=1.2" >> "$SLIPWAY_OUTPUT"';
    expect(await stand.run([write], { outputs: ['version', 'notes'] })).toMatchObject({
      verdict: 'succeeded',
      outputs: { version: '1.2' },
      summary: expect.stringContaining('the output "notes" declared, not written'),
    });
    expect(await stand.run([write])).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('"version" is not declared (none is declared); add it'),
    });
  });

  it('says which output it declared and did not write', async () => {
    const result = await stand.run(['true'], { outputs: ['version', 'notes'] });
    const said = 'the outputs "version", "notes" declared, not written';
    expect(result).toMatchObject({ verdict: 'succeeded', summary: `1 command ok; ${said}` });
    expect(stand.logs.text('slipway')).toContain(`${said}\n`);
  });

  it('knows the stage that a check names, and is errored when nothing was deployed there', async () => {
    stand.stageUrls = { staging: 'http://127.0.0.1:4321' };
    await stand.run(['echo $STAGE_URL'], { stage: 'staging' });
    expect(stand.logs.text('stdout')).toBe('http://127.0.0.1:4321\n');
    await expect(stand.run(['true'], { stage: 'production' })).rejects.toMatchObject({
      type: 'StepErrored',
      message: expect.stringContaining('"production" has no URL'),
    });
  });

  it('says no to a template without a value, before anything runs', async () => {
    const env = { A: '${{ inputs.nope }}' };
    expect(await stand.run(['echo ran'], { env })).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('inputs.nope'),
    });
    expect(stand.logs.text('stdout')).toBe('');
  });

  it('is refused where the executor cannot keep it from the network, as it asks', async () => {
    const answer = await stand.run(['true'], { network: 'none' });
    if (name === 'sandbox') expect(answer).toMatchObject({ verdict: 'succeeded' });
    else {
      expect(answer).toMatchObject({
        verdict: 'failed',
        reason: expect.stringMatching(/"network: none".*plain cannot.*Use the executor sandbox/),
      });
    }
  });

  it('says no to a folder of the checkout that leads elsewhere', async () => {
    const swap = 'cd ..; rm -rf tree; ln -s / tree';
    const answer = result(await stand.run([swap], { spec: { artifacts: ['etc/hostname'] } }));
    expect(answer.verdict).toBe('failed');
    expect(answer.reason).toContain('replaced the folder of the checkout');
  });

  it('is ended when it prints without end', async () => {
    stand.maxOutputMib = 1;
    expect(await stand.run(['yes'])).toMatchObject({
      verdict: 'failed',
      reason: expect.stringMatching(
        /"yes", was ended: .* more than 1 MiB.*SLIPWAY_STEP_OUTPUT_MIB/,
      ),
    });
  });

  it('keeps its workspace clean for nobody: it is gone soon after', async () => {
    await stand.run(['mkdir -p a/b', 'echo x > a/b/c']);
    await stand.workspaces.close();
    expect(await readdir(stand.root)).toEqual([]);
  });
});

describe('a step that cannot find out', () => {
  it('passes on what the repository says', async () => {
    stand.refusal = ApplicationFailure.nonRetryable('there is no commit 0123456', 'StepErrored');
    await expect(stand.run(['true'])).rejects.toThrow('there is no commit');
    expect(stand.logs.text('slipway')).toContain('there is no commit 0123456\n');
  });

  it('is errored, and tried again, when the system fails it', async () => {
    stand.refusal = new Error('ENOSPC: no space left on device');
    await expect(stand.run(['true'])).rejects.toMatchObject({
      type: 'StepErrored',
      nonRetryable: false,
      message: expect.stringContaining('"app" cannot be checked out: no space is left on the disk'),
    });
  });

  it('is errored when an artifact of its needs is gone', async () => {
    const context = contextOf();
    const digest = `sha256:${'a'.repeat(64)}`;
    context.artifacts = [{ name: 'image', kind: 'archive', digest, bytes: 1 }];
    await expect(stand.run(['true'], { context })).rejects.toMatchObject({
      type: 'StepErrored',
      message: expect.stringContaining(`the artifact of "image" cannot be unpacked: `),
    });
  });

  it('times out with the command that was running', async () => {
    await expect(stand.run(['true', 'sleep 60'], { timeoutSeconds: 1 })).rejects.toMatchObject({
      type: 'StepTimedOut',
      message: expect.stringMatching(/"test" did not end within 1 s.*command 2 of 2, "sleep 60"/),
    });
  });

  it('is cancelled within moments, and leaves nothing running', async () => {
    const running = stand.run(['echo up', 'sleep 60']);
    await stand.logs.saying('up\n');
    stand.environment.cancel('CANCELLED');
    await expect(running).rejects.toThrow(CancelledFailure);
  });

  it('heartbeats every second while commands run', async () => {
    let beats = 0;
    stand.environment.on('heartbeat', () => beats++);
    await stand.run(['sleep 2.3']);
    expect(beats).toBeGreaterThanOrEqual(2);
  });
});

describe.each(['plain', 'sandbox'] as const)('in the executor %s, a build step', (name) => {
  useExecutor(name);

  it('archives its paths under a digest that only the contents decide', async () => {
    stand.files = { 'package.json': '{}' };
    const spec = {
      commands: ['mkdir dist', 'echo "console.log(1)" > dist/main.js'],
      paths: ['dist', 'package.json'],
      command: 'node dist/main.js',
    };
    const first = result(await stand.build(spec));
    const second = result(await stand.build(spec));
    expect(first).toMatchObject({
      verdict: 'succeeded',
      artifact: { name: 'image', kind: 'archive', command: 'node dist/main.js' },
    });
    expect(first.summary).toMatch(/^2 commands ok, 3 files kept as [0-9a-f]{7}$/);
    expect(second.artifact).toEqual(first.artifact);
    expect(stand.artifacts.digests).toEqual([first.artifact?.digest]);
  });

  it('hands its files to the steps that need it, at the same paths', async () => {
    const { artifact } = result(
      await stand.build({ commands: ['echo built > out'], paths: ['out'] }),
    );
    const context = contextOf();
    context.artifacts = [artifact!];
    await stand.run(['cat out'], { context });
    expect(stand.logs.text('stdout')).toBe('built\n');
    await extractArchive(await stand.artifacts.path(artifact!.digest), stand.root);
    expect(await readdir(stand.root)).toContain('out');
  });

  it('says no when a path matches nothing, and names it', async () => {
    expect(await stand.build({ paths: ['dist', '*.md'] })).toEqual({
      verdict: 'failed',
      reason: 'no file matches "dist", "*.md"; paths begin at the root of the repository',
    });
  });

  it('says no to a link that leads out of the workspace', async () => {
    const spec = { commands: ['mkdir out', 'ln -s /etc/passwd out/p'], paths: ['out'] };
    expect(await stand.build(spec)).toMatchObject({
      verdict: 'failed',
      reason: '"out/p" is a link to "/etc/passwd", which leads out of the workspace',
    });
  });

  it('is errored when the store takes nothing', async () => {
    stand.artifacts.refusal = new Error('ENOSPC: no space left on device');
    await expect(stand.build({ commands: ['echo > a'], paths: ['a'] })).rejects.toMatchObject({
      type: 'StepErrored',
    });
  });

  it('does not archive after a command said no', async () => {
    expect(await stand.build({ commands: ['false'], paths: ['.'] })).toMatchObject({
      verdict: 'failed',
      exitCode: 1,
    });
    expect(stand.artifacts.digests).toEqual([]);
  });
});

describe('a run step with artifacts', () => {
  it('keeps them for the steps that need it', async () => {
    const { artifact } = result(
      await stand.run(['mkdir out', 'echo 1 > out/a'], { spec: { artifacts: ['out/*'] } }),
    );
    expect(artifact).toMatchObject({ name: 'test', kind: 'archive' });
    expect(artifact).not.toHaveProperty('command');
  });
});

describe.each(['plain', 'sandbox'] as const)('in the executor %s, a cache', (name) => {
  useExecutor(name);

  const cache = [{ key: 'npm', files: ['lock'], paths: ['modules'] }];
  const fill = ['[ -d modules ] && cat modules/a || (mkdir modules; echo filled > modules/a)'];
  const run = (branch: string | null) =>
    stand.run(fill, { spec: { cache }, context: contextOf(branch) });

  beforeEach(() => {
    stand.files = { lock: 'v1' };
  });

  it('is found again by the next run of the branch, and not written twice', async () => {
    await run('main');
    expect(stand.logs.text('slipway')).toMatch(
      /cache "npm" is empty\n.*cache "npm" kept \(\d KiB\)/s,
    );
    await run('main');
    expect(stand.logs.text('stdout')).toBe('filled\n');
    expect(stand.logs.text('slipway')).toContain('cache "npm" restored from main');
    expect(stand.logs.text('slipway').match(/kept/g)).toHaveLength(1);
  });

  it('is another one when its files change', async () => {
    await run('main');
    stand.files = { lock: 'v2' };
    await run('main');
    expect(stand.logs.text('stdout')).toBe('');
    expect(stand.caches.kept.size).toBe(2);
  });

  it('of main is read by branches, but theirs is not read by main', async () => {
    await run('feature');
    await run('main');
    expect(stand.logs.text('stdout')).toBe('');
    await run('other');
    expect(stand.logs.text('stdout')).toBe('filled\n');
    expect([...stand.caches.kept.keys()].filter((key) => key.includes('"other"'))).toEqual([]);
  });

  it('is not kept without a branch, nor after a failure', async () => {
    await run(null);
    await stand.run([...fill, 'false'], { spec: { cache } });
    expect(stand.caches.kept.size).toBe(0);
  });

  it('that is lost or damaged fails no step', async () => {
    await run('main');
    stand.artifacts.lose(stand.artifacts.digests[0]!);
    expect(await run('main')).toMatchObject({ verdict: 'succeeded' });
    const [key] = stand.caches.kept.keys();
    await stand.caches.keep(key!, stand.artifacts.put(Buffer.from('not a tar file'.repeat(99))));
    expect(await run('main')).toMatchObject({ verdict: 'succeeded' });
    expect(stand.logs.text('slipway')).toContain('cache "npm" is not restored: ');
  });

  it('without files is kept anew after every run', async () => {
    const spec = { cache: [{ key: 'tmp', paths: ['n'] }] };
    for (let i = 0; i < 2; i++)
      await stand.run(['cat n 2>/dev/null || true', 'echo x >> n'], { spec });
    await stand.run(['wc -l < n'], { spec });
    expect(stand.logs.text('stdout')).toBe('x\n2\n');
  });
});
