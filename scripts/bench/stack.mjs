// A stack for measuring: on a home of its own, on free ports, stopped and removed at the end.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createClient } from '../../dist/api/client/client.js';
import { environment, node, root } from '../setup.mjs';

const exec = promisify(execFile);
const START_LIMIT_MS = 300_000;
const FINAL = ['succeeded', 'failed', 'rolledBack', 'errored', 'cancelled', 'superseded'];

export class BenchStack {
  static async start(
    home = mkdtempSync(join(tmpdir(), 'slipway-bench-')),
    script = 'dist/api/dev/main.js',
  ) {
    const started = performance.now();
    const child = spawn(node, [join(root, script), '--empty'], {
      env: environment({ SLIPWAY_HOME: home, SLIPWAY_PORT: '0' }),
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await new Promise((resolve, reject) => {
      let said = '';
      const late = setTimeout(
        () => reject(new Error(`no stack after 5 minutes:\n${said}`)),
        START_LIMIT_MS,
      );
      child.once('exit', (code) => reject(new Error(`the stack ended with ${code}:\n${said}`)));
      child.stdout.setEncoding('utf8').on('data', (text) => {
        said += text;
        const found = said.match(/^ready (\S+)$/m);
        if (!found) return;
        clearTimeout(late);
        resolve(found[1]);
      });
    });
    const stack = new BenchStack();
    stack.home = home;
    stack.child = child;
    stack.url = url;
    stack.readyMs = performance.now() - started;
    stack.token = readFileSync(join(home, 'token'), 'utf8').trim();
    stack.client = createClient({ url, token: stack.token });
    return stack;
  }

  async stop() {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGINT');
    await gone;
  }

  async end() {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Process ids of the stack, the supervisor and PostgreSQL's children among them. */
  async pids() {
    const ours = JSON.parse(readFileSync(join(this.home, 'stack.json'), 'utf8')).map(
      ({ pid }) => pid,
    );
    const { stdout } = await exec('ps', ['-eo', 'pid=,ppid=']);
    const all = new Set([...ours, this.child.pid]);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    for (let grown = true; grown; ) {
      grown = false;
      for (const [pid, parent] of rows) {
        if (all.has(parent) && !all.has(pid)) {
          all.add(pid);
          grown = true;
        }
      }
    }
    return [...all];
  }

  /** A pushed repository; `branches` are files by branch. Returns its clone. */
  async repository(name, branches) {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-clone-'));
    const git = (...args) =>
      exec('git', ['-C', folder, ...args], { env: this.gitEnvironment(), maxBuffer: 1e8 });
    await git('init', '--quiet', '--initial-branch=main');
    await git('config', 'user.name', 'bench');
    await git('config', 'user.email', 'bench@localhost');
    await git(
      'config',
      'credential.helper',
      '!f() { printf "username=x\\npassword=%s\\n" "$SLIPWAY_TOKEN"; }; f',
    );
    await git('remote', 'add', 'slipway', `${this.url}/git/${name}.git`);
    const commit = async (files) => {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '-m', 'bench');
      return (await git('rev-parse', 'HEAD')).stdout.trim();
    };
    for (const [branch, files] of Object.entries(branches)) {
      await git('checkout', '--quiet', '-B', branch);
      await commit(files);
      await git('push', '--quiet', 'slipway', branch);
    }
    return { folder, git, commit, remove: () => rmSync(folder, { recursive: true, force: true }) };
  }

  gitEnvironment() {
    return {
      ...process.env,
      SLIPWAY_TOKEN: this.token,
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    };
  }

  /** Starts a run by hand and waits for its end. Milliseconds, seen from outside. */
  async timedRun(repository, ref) {
    const started = performance.now();
    const { id } = await this.client.runs.start({ repository, ref });
    for await (const event of this.client.runs.events(id)) if (event.event === 'end') break;
    const ms = performance.now() - started;
    const run = await this.client.runs.get(id);
    if (run.status !== 'succeeded') throw new Error(`${id} is ${run.status}: ${run.reason}`);
    return { ms, run };
  }

  async finalRun(id) {
    for (;;) {
      const run = await this.client.runs.get(id);
      if (FINAL.includes(run.status)) return run;
      await wait(20);
    }
  }
}
