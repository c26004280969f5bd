import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeLogs } from '../logs/logs.fake.js';
import type { Executor } from './build.ports.js';
import { PlainExecutor } from './plain.adapter.js';
import { type Ending, runCommands } from './runner.js';
import { openSandbox, PATH } from './sandbox/sandbox.testing.js';

const plain = new PlainExecutor();
let base: string;
let sandbox: Executor;
let executor: Executor = plain;
let root: string;
let logs: FakeLogs;
let cancel: AbortController;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-runner-'));
  await mkdir(join(base, 'work'));
  sandbox = await openSandbox(base);
});
beforeEach(async () => {
  root = await mkdtemp(join(base, 'work/step-'));
  await mkdir(join(root, 'tree'));
  for (const each of executor.owner ? [root, join(root, 'tree')] : []) {
    await chown(each, executor.owner!.uid, executor.owner!.gid);
  }
  logs = new FakeLogs();
  cancel = new AbortController();
});
afterEach(() => rm(root, { recursive: true, force: true }));
afterAll(async () => {
  await plain.close();
  await sandbox.close();
  await rm(base, { recursive: true, force: true });
});

function run(
  commands: string[],
  limitMs = 20_000,
  env: Record<string, string> = {},
  by: Executor = executor,
): Promise<Ending> {
  return runCommands(by, {
    commands,
    folder: join(root, 'tree'),
    env: { PATH, SLIPWAY_OUTPUT: join(root, 'output'), ...env },
    scratch: root,
    writable: root,
    readable: [],
    network: 'default',
    deadlineMs: performance.now() + limitMs,
    cancellation: cancel.signal,
    log: logs.open({ runId: 'r-1', step: 'test', attempt: 1 }),
  });
}

/** The pid that a command wrote to a file. */
async function pidIn(name: string): Promise<number> {
  return Number(await readFile(join(root, 'tree', name), 'utf8'));
}

/** Signal 0 reaches zombies too, so /proc is asked. */
async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ' Z ');
  return !/ Z /.test(stat);
}

async function soonGone(pid: number): Promise<boolean> {
  for (let look = 0; look < 200; look++) {
    if (!(await runs(pid))) return true;
    await pause(10);
  }
  return false;
}

describe.each(['plain', 'sandbox'])('in the executor %s a step’s commands', (name) => {
  beforeAll(() => {
    executor = name === 'plain' ? plain : sandbox;
  });
  afterAll(() => {
    executor = plain;
  });

  it('are announced in the log, in order with what they print', async () => {
    const ending = await run(['echo one; echo oops >&2', 'printf two', 'echo three']);
    expect(ending).toMatchObject({
      why: 'ended',
      exitCode: 0,
      signal: null,
      command: 2,
      isComplete: true,
    });
    expect(logs.text('stdout')).toBe('one\ntwothree\n');
    expect(logs.text()).toMatch(
      /^\$ echo one.*\n(one\noops|oops\none)\n\$ printf two\ntwo\n\$ echo/,
    );
  });

  it('have nothing of ours in their environment, and nothing to read', async () => {
    process.env['SECRET_OF_THE_WORKER'] = 'leaked';
    await run(['env -0 | tr "\\0" "\\n" | sed "s/=.*//" | sort | tr "\\n" " "', 'cat; echo $?']);
    delete process.env['SECRET_OF_THE_WORKER'];
    expect(logs.text('stdout')).toBe('PATH PWD SHLVL SLIPWAY_OUTPUT _ 0\n');
  });

  it('say which command failed, how, and what was not run', async () => {
    expect(await run(['true', 'exit 3', 'echo never'])).toMatchObject({
      exitCode: 3,
      command: 1,
      isComplete: false,
    });
    expect(await run(['kill -SEGV $BASHPID'])).toMatchObject({ exitCode: 139, command: 0 });
    expect(await run(['sh -c "kill -9 \\$\\$"'])).toMatchObject({ exitCode: 137, command: 0 });
    expect(await run(['exit 0', 'echo never'])).toMatchObject({ exitCode: 0, isComplete: false });
    expect(logs.text('stdout')).toBe('');
  });

  it('may be longer than an argument can be', async () => {
    const long = `: ${'x'.repeat(200_000)}`;
    expect(await run([long, 'echo done'])).toMatchObject({ exitCode: 0, command: 1 });
    expect(logs.text('stdout')).toBe('done\n');
  });

  it('may print a line that never ends, and binary junk', async () => {
    await run(['head -c 3000000 /dev/zero | tr "\\0" x', 'printf "\\377\\0\\033[2J\\036end\\n"']);
    expect(logs.text('stdout')).toHaveLength(3_000_000 + '\ufffdend\n'.length);
  });

  it('wait in their pipe while the log is behind', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    logs.hold = promise;
    const running = run(['head -c 1000000 /dev/zero | tr "\\0" x; echo; echo all read >&2']);
    await logs.saying('x');
    expect(logs.text('stderr')).toBe('');
    expect(logs.text('stdout').length).toBeLessThan(500_000);
    logs.hold = undefined;
    resolve();
    await running;
    expect(logs.text('stderr')).toBe('all read\n');
    expect(logs.text('stdout')).toHaveLength(1_000_001);
  });
});

describe('what commands leave behind', () => {
  it('is ended with the shell: background processes', async () => {
    const started = performance.now();
    await run(['sleep 60 & echo $! > pid', 'echo done']);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await soonGone(await pidIn('pid'))).toBe(true);
    expect(logs.text('slipway')).toContain('left running were ended');
  });

  it('may finish its last words', async () => {
    await run(['exec > >(sed s/x/y/)', 'echo x']);
    expect(logs.text('stdout')).toBe('y\n');
    expect(logs.text('slipway')).not.toContain('left running');
  });

  it.each([
    ['holding our pipes', ''],
    ['holding nothing', '</dev/null >/dev/null 2>&1 198>&- 199>&-'],
  ])('is found when it left the group, %s', async (_what, redirection) => {
    await run([
      `setsid sh -c 'echo $$ > pid; exec sleep 60' ${redirection} &`,
      'until [ -s pid ]; do sleep 0.05; done',
    ]);
    expect(await soonGone(await pidIn('pid'))).toBe(true);
  });

  it('does not take strangers with it', async () => {
    const stranger = spawn('sleep', ['60'], { env: { SLIPWAY_OUTPUT: `${root}/output2` } });
    await run(['setsid sleep 60 & exit 1']);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });
});

describe('commands that are stopped', () => {
  it('get SIGTERM, and may clean up', async () => {
    const running = run([
      'trap "echo cleaned; exit 9" TERM; echo up; while :; do sleep 0.05; done',
    ]);
    await logs.saying('up\n');
    cancel.abort();
    expect(await running).toMatchObject({ why: 'cancelled', command: 0 });
    expect(logs.text()).toMatch(/cancelled: ending commands\n.*cleaned\n/s);
  });

  it('also those that the shell waits for', async () => {
    const child =
      'process.on("SIGTERM",()=>setTimeout(()=>{console.log("bye");process.exit()},200))';
    const program = `${child};console.log("up");setInterval(()=>{},1e3)`;
    await writeFile(join(root, 'tree/child.cjs'), program);
    const running = run([`${process.execPath} child.cjs`]);
    await logs.saying('up\n');
    cancel.abort();
    await running;
    expect(logs.text('stdout')).toBe('up\nbye\n');
  });

  it('are killed after five seconds when they ignore that, children and all', async () => {
    const running = run(
      ['trap "" TERM; (trap "" TERM; echo $BASHPID > pid; while :; do sleep 1; done) & wait'],
      2_000,
    );
    expect(await running).toMatchObject({ why: 'timedOut', exitCode: 137, command: 0 });
    expect(await runs(await pidIn('pid'))).toBe(false);
    expect(logs.text('slipway')).toMatch(/time is up: ending commands\n.*after 5 s: killed/s);
  }, 15_000);

  it('are not even started when the step was cancelled before', async () => {
    cancel.abort();
    expect(await run(['sleep 60'])).toMatchObject({ why: 'cancelled' });
  });
});

describe('the environment of a program', () => {
  it('holds any name and any value, exactly', async () => {
    const env = {
      QUOTED: `it's "quoted" $HOME \\ \`x\``,
      LINES: 'one\ntwo\n',
      UNICODE: 'ü✓',
      'with-dash.and.dot': '1',
      UID: '7',
      EMPTY: '',
    };
    const program =
      'for (const n of process.argv.slice(1)) console.log(JSON.stringify(process.env[n]))';
    await run([`${process.execPath} -e '${program}' ${Object.keys(env).join(' ')}`], 20_000, env);
    const { UID: _ours, ...others } = env; // bash keeps its own UID.
    const said = logs.text('stdout').trim().split('\n');
    for (const value of Object.values(others)) expect(said).toContain(JSON.stringify(value));
  });
});

describe.each(['/bin/bash', '/bin/sh'])('where the worker starts %s by itself', (path) => {
  it('runs commands just as well', async () => {
    const direct = new PlainExecutor([{ path, kind: 'sh' }]);
    const ending = await run(['echo one', 'echo two >&2; sleep 60 & exit 3'], 20_000, {}, direct);
    expect(ending).toMatchObject({ why: 'ended', exitCode: 3, command: 1 });
    expect(logs.text()).toMatch(/one\n.*two\n/s);
  });
});

describe('a launcher', () => {
  it('that is lost fails what runs, not as a no, and another one takes over', async () => {
    const own = new PlainExecutor();
    const running = run(['echo $PPID > pid', 'echo up', 'sleep 60'], 20_000, {}, own);
    const lost = expect(running).rejects.toThrow('was ended from outside');
    await logs.saying('up\n');
    const launcher = (await readFile(`/proc/${await pidIn('pid')}/stat`, 'utf8')).split(' ')[3];
    process.kill(Number(launcher), 'SIGKILL');
    await lost;
    expect(await run(['true'], 20_000, {}, own)).toMatchObject({ exitCode: 0 });
    await own.close();
  });

  it('stays small and quick over many starts, and takes its pipes with it', async () => {
    const own = new PlainExecutor();
    const folders = async () =>
      (await readdir(tmpdir())).filter((n) => n.startsWith('slipway-pipes'));
    const before = await folders();
    for (let round = 0; round < 8; round++) {
      const all = Array.from({ length: 10 }, (_, n) =>
        run([':'], 20_000, { SLIPWAY_OUTPUT: join(root, `output-${round}-${n}`) }, own),
      );
      for (const ending of await Promise.all(all)) expect(ending).toMatchObject({ exitCode: 0 });
    }
    const mine = (await folders()).filter((name) => !before.includes(name));
    const files = await readdir(join(tmpdir(), mine[0]!)).catch(() => []);
    expect(files.length).toBeLessThanOrEqual(64);
    await own.close();
  });
});

describe('a worker that is killed', () => {
  it('does not leave its commands running', async () => {
    const worker = join(root, 'worker.mjs');
    const names = ['quoted', 'pipes', 'starter', 'launcher.program', 'launcher'];
    const { launcher, 'launcher.program': program } = await compiled(...names);
    await writeFile(
      worker,
      `import { Launcher } from ${JSON.stringify(launcher)};
       import { startCode } from ${JSON.stringify(program)};
       setInterval(() => {}, 1000);
       const launcher = await Launcher.begin({ bash: '/bin/bash', onLost: () => {} });
       const start = (...argv) => launcher.start(startCode(argv, '/', {}));
       const ended = await start('/bin/true');
       await ended.ended;
       launcher.drop(ended.group);
       console.log((await start('/bin/sleep', '60')).group);`,
    );
    const child = spawn(process.execPath, [worker], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    expect(await runs(pid)).toBe(true);
    child.kill('SIGKILL');
    expect(await soonGone(pid)).toBe(true);
  });
});

/** The modules as plain JavaScript: the worker of the test above is a real process. */
async function compiled(...names: string[]): Promise<Record<string, string>> {
  const { transform } = await import('@swc/core');
  const jsc = { parser: { syntax: 'typescript' }, target: 'es2024' } as const;
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  const targets: Record<string, string> = {};
  for (const name of names) {
    const source = await readFile(join(import.meta.dirname, `${name}.ts`), 'utf8');
    targets[name] = join(root, `${name}.js`);
    await writeFile(targets[name], (await transform(source, { jsc })).code);
  }
  return targets;
}
