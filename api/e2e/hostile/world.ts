/** The stack that the corpus attacks, what stands around it, and what must be true of both afterwards. */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFinal } from '../../../workflows/domain/run.js';
import type { Run } from '../../client/wire.js';
import type { Clone } from '../harness/clone.js';
import { eventually } from '../harness/eventually.js';
import type { Ended } from '../harness/process.js';
import { E2eStack } from '../harness/stack.js';
import { type Expectation, must, pipeline } from './entry.js';

/** Small, so that reaching them takes little of this machine. */
const LIMITS = {
  SLIPWAY_STEP_MEMORY_MIB: '256',
  SLIPWAY_STEP_DISK_MIB: '64',
  SLIPWAY_STEP_PROCESSES: '150',
  SLIPWAY_STEP_CPU_SECONDS: '60',
};
/** Tries of a push that must be taken. */
const MAX_PUSHES = 10;
/** What Slipway says then, when PostgreSQL or Temporal is too slow. */
const LATER = /did not answer in time|Push again when it answers/;
/** Resident memory that no process of ours may ever have needed, bytes (700 MiB). */
const MAX_RESIDENT_BYTES = 734_003_200;

export class World {
  private made = 0;
  private readonly clones: Clone[] = [];

  private constructor(
    readonly executor: 'sandbox' | 'plain',
    readonly stack: E2eStack,
    private readonly around: Around,
    private readonly before: Outside,
  ) {}

  /** An argument of `sleep` by which a process of a step is known, whatever it hides. */
  readonly mark = `98765.${randomInt(100_000, 999_999)}`;

  /** A folder outside of everything: nobody may read or change it. */
  get canary(): string {
    return this.around.canary;
  }

  static async begin(executor: 'sandbox' | 'plain'): Promise<World> {
    const around = await makeAround();
    const stack = await E2eStack.start({ env: { SLIPWAY_EXECUTOR: executor, ...LIMITS } });
    return new World(executor, stack, around, await outsideOf(stack));
  }

  async end(): Promise<void> {
    this.around.bystander.close();
    await Promise.all(this.clones.map((clone) => clone.remove()));
    await this.stack.end();
    await rm(this.around.canary, { recursive: true, force: true });
  }

  /** Of every service on this machine that a step could look for. */
  async ports(): Promise<number[]> {
    const known = JSON.parse(await readFile(join(this.stack.home, 'ports.json'), 'utf8')) as object;
    const own = (this.around.bystander.address() as AddressInfo).port;
    const all = [...Object.values(known).map(Number), Number(new URL(this.stack.url).port), own];
    return [...new Set(all)].filter((port) => port > 0);
  }

  /** Under which this machine is known to itself. */
  addresses(): string[] {
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    return ['127.0.0.1', ...own.filter(({ internal }) => !internal).map(({ address }) => address)];
  }

  /** A clone of a new repository with these files, not pushed yet. */
  async repository(files: Record<string, string>, name?: string): Promise<Clone> {
    const clone = await this.stack.clone(name ?? `hostile-${++this.made}`, files);
    this.clones.push(clone);
    return clone;
  }

  /** Pushes main and these refs; the push must be taken. */
  pushed(clone: Clone, ...refs: string[]): Promise<Ended> {
    return this.taken(() => clone.push(...refs));
  }

  /** Pushes these refs alone. */
  pushedAlone(clone: Clone, ...refs: string[]): Promise<Ended> {
    return this.taken(() =>
      clone.git('push', 'slipway', ...refs).catch((error: Error) => ({
        code: 1,
        stdout: '',
        stderr: error.message,
      })),
    );
  }

  /** Again where Slipway asks for that: on a machine that is busy with the rest of the corpus. */
  private async taken(push: () => Promise<Ended>): Promise<Ended> {
    for (let attempt = 1; ; attempt++) {
      const ended = await push();
      if (ended.code === 0) return ended;
      const mayBeTried = LATER.test(ended.stderr) && attempt < MAX_PUSHES;
      must(mayBeTried, `the push was refused:\n${ended.stderr}`);
    }
  }

  /** The newest run of what is checked out, when it is over; its logs must be clean. */
  async runOf(clone: Clone): Promise<Run> {
    const commit = (await clone.git('rev-parse', 'HEAD')).stdout.trim();
    const { id } = await this.stack.runOf(clone.name, commit);
    const run = await eventually(`${id} ends`, async () => {
      const seen = await this.stack.client.runs.get(id);
      return isFinal(seen.status) ? seen : undefined;
    });
    this.isSilent(await this.log(id), id);
    this.isSilent(JSON.stringify(run), id);
    return run;
  }

  /** Asked again where the API has no time: that is an answer, too. */
  log(runId: string, step?: string): Promise<string> {
    return eventually(`the log of ${runId}`, async () => {
      const text = await this.stack.client.runs.logText(runId, step);
      return { text };
    }).then(({ text }) => text);
  }

  async expectRun(clone: Clone, { status, reasons = {}, logs = {} }: Expectation): Promise<Run> {
    const run = await this.runOf(clone);
    const said = run.steps.map((step) => `${step.name} ${step.status}: ${step.reason}`).join('\n');
    must(run.status === status, `${run.id} is ${run.status} and not ${status}:\n${said}`);
    for (const [name, reason] of Object.entries(reasons)) {
      const step = run.steps.find((one) => one.name === name);
      must(reason.test(step?.reason ?? ''), `${name} does not say ${reason} but: ${step?.reason}`);
    }
    for (const [name, wanted] of Object.entries(logs)) {
      const log = await this.log(run.id, name);
      must(wanted.test(log), `the log of ${name} has no ${wanted}:\n${log.slice(-2_000)}`);
    }
    return run;
  }

  /** Nothing that was to be kept from steps is in the text, and nothing in it says that they got it. */
  isSilent(text: string, where: string): void {
    must(!text.includes(this.around.song), `${where} holds what is written in the canary's file`);
    must(!text.includes(this.stack.token), `${where} holds the admin's token`);
    const reached = /^.*REACHED .*$/m.exec(text)?.[0];
    must(reached === undefined, `${where} says: ${reached}`);
  }

  /** No process of a step runs any more. */
  async nothingIsLeft(): Promise<void> {
    await eventually('nothing of a step is left', async () => (await left(this.mark)).length === 0);
  }

  /** True after every entry: all is as it was, and the next run of somebody else succeeds. */
  async isUnharmed(): Promise<void> {
    const good = await this.repository({
      '.slipway/pipeline.yaml': pipeline({ test: { run: 'echo fine' } }),
    });
    await this.pushed(good);
    await this.expectRun(good, { status: 'succeeded', logs: { test: /^fine$/m } });
    must((await readdir(this.canary)).join() === 'secret', "there is more in the canary's folder");
    const sung = await readFile(join(this.canary, 'secret'), 'utf8');
    must(sung === this.around.song, "the canary's file was changed");
    await this.nothingIsLeft();
    const now = await outsideOf(this.stack);
    must(now.token === this.before.token, 'the token was changed');
    must(now.processes === this.before.processes, `a process of the stack died: ${now.processes}`);
    must(now.home === this.before.home, `the home holds other things than before: ${now.home}`);
    must(now.residentBytes < MAX_RESIDENT_BYTES, `one of us needed ${now.residentBytes} bytes`);
  }
}

/** What stands beside the stack, and is none of a step's business. */
interface Around {
  canary: string;
  /** What is written in its file `secret`, and what the bystander answers. */
  song: string;
  bystander: Server;
}

async function makeAround(): Promise<Around> {
  const canary = await mkdtemp(join(tmpdir(), 'slipway-canary-'));
  const song = `canary-${randomBytes(12).toString('hex')}`;
  await writeFile(join(canary, 'secret'), song);
  const bystander = createServer((_request, response) => response.end(song));
  await new Promise<void>((resolve) => {
    bystander.listen(0, '127.0.0.1', resolve);
  });
  return { canary, song, bystander };
}

interface Outside {
  token: string;
  /** Names and ids. */
  processes: string;
  /** Names in the home. */
  home: string;
  /** The most that one of the worker and the API ever needed. */
  residentBytes: number;
}

async function outsideOf(stack: E2eStack): Promise<Outside> {
  const { home } = stack;
  const all = await stack.processes();
  const ours = all.filter(({ name }) => name === 'worker' || name === 'api');
  const peaks = await Promise.all(ours.map(({ pid }) => peakBytes(pid)));
  const names = (await readdir(home)).filter((name) => !/^temporal\.db|^ports\.json/.test(name));
  return {
    token: await readFile(join(home, 'token'), 'utf8'),
    processes: all.map(({ name, pid }) => `${name} ${pid}`).join(', '),
    home: names.sort().join(', '),
    residentBytes: Math.max(...peaks),
  };
}

async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

/** Processes with this argument. */
async function left(mark: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return line.split('\0').includes(mark) ? [pid] : [];
    }),
  );
  return found.flat();
}
