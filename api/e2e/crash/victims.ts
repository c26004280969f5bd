/** Who can be killed, and how: by id and start time, and never anybody who is not the stack's own. */
import { readdir, readFile } from 'node:fs/promises';
import { identify, isAlive, type ProcessIdentity } from '../../dev/identity.js';
import { enginesOf } from '../harness/chat.js';
import { eventually } from '../harness/eventually.js';
import type { E2eStack } from '../harness/stack.js';
import type { Random } from './random.js';

export const PROCESSES = ['worker', 'api', 'reconciler', 'postgres', 'temporal'] as const;
export type StackProcess = (typeof PROCESSES)[number];
/** `step`: a process that a step's commands started. `engine`: a child of the API that holds a model. */
export type Victim = StackProcess | 'step' | 'engine';
/** Where nobody chats there are no engines. */
export const VICTIMS: readonly Victim[] = [...PROCESSES, 'step'];

/** What was killed; of a step's process also whose it was. */
export interface Killed {
  victim: Victim;
  pid: number;
  /** Milliseconds of the monotonic clock. */
  atMs: number;
  step?: { runId: string; name: string };
}

/** In the command line of an engine. */
const ENGINE = 'engine/main.js';

interface StepProcess extends ProcessIdentity {
  runId: string;
  name: string;
}

/** kill -9. Undefined when there is nobody of that kind at this moment. */
export async function kill(
  stack: E2eStack,
  victim: Victim,
  random: Random,
): Promise<Killed | undefined> {
  if (victim === 'step') return killStep(stack.home, random);
  if (victim === 'engine') return killEngine(stack, random);
  const found = (await stack.processes()).find(({ name }) => name === victim);
  if (found === undefined || !(await strike(found))) return undefined;
  return { victim, pid: found.pid, atMs: performance.now() };
}

async function killStep(home: string, random: Random): Promise<Killed | undefined> {
  const found = await stepProcesses(home);
  if (found.length === 0) return undefined;
  const { runId, name, ...identity } = random.pick(found);
  if (!(await strike(identity))) return undefined;
  return { victim: 'step', pid: identity.pid, atMs: performance.now(), step: { runId, name } };
}

async function killEngine(stack: E2eStack, random: Random): Promise<Killed | undefined> {
  const found = await enginesOf(stack);
  if (found.length === 0) return undefined;
  const pid = random.pick(found);
  if (!(await strike(await identify(pid)))) return undefined;
  return { victim: 'engine', pid, atMs: performance.now() };
}

/** False when it was gone already. Resolves when it is gone. */
async function strike(identity: ProcessIdentity): Promise<boolean> {
  if (!(await isAlive(identity))) return false;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    return false;
  }
  await eventually(`process ${identity.pid} is gone`, async () => !(await isAlive(identity)));
  return true;
}

/** Processes of steps of the stack on `home`, found by the mark in their environment. */
export async function stepProcesses(home: string): Promise<StepProcess[]> {
  const found: StepProcess[] = [];
  for (const { pid, environment } of await processes()) {
    const variable = (name: string) =>
      environment.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
    if (!variable('SLIPWAY_OUTPUT').startsWith(`${home}/`)) continue;
    const identity = await identify(pid);
    if (identity.started === 'zombie') continue;
    found.push({ ...identity, runId: variable('SLIPWAY_RUN_ID'), name: variable('SLIPWAY_STEP') });
  }
  return found;
}

/** Engines of the stack in `folder` that are not its API's: those of an API that was killed. */
export async function strayEngines(stack: E2eStack, folder: string): Promise<string[]> {
  const held = new Set(await enginesOf(stack));
  const all = await processesNaming(folder);
  return all.filter((one) => one.includes(ENGINE) && !held.has(Number.parseInt(one, 10)));
}

/** What still runs and names `folder` in its command line or environment. */
export async function processesNaming(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const { pid, environment, command } of await processes()) {
    if (pid === process.pid) continue;
    if (![...environment, ...command].some((text) => text.includes(folder))) continue;
    if ((await identify(pid)).started !== 'zombie') found.push(`${pid} ${command.join(' ')}`);
  }
  return found;
}

async function processes(): Promise<{ pid: number; environment: string[]; command: string[] }[]> {
  const names = await readdir('/proc');
  const pids = names.map(Number).filter(Number.isInteger);
  const read = async (pid: number, file: string) =>
    (await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).split('\0');
  return Promise.all(
    pids.map(async (pid) => ({
      pid,
      environment: await read(pid, 'environ'),
      command: (await read(pid, 'cmdline')).filter(Boolean),
    })),
  );
}
