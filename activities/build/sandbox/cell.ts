/** A cell: a small bash with a network and a control group of its own, that starts steps in them. */
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import type { Network } from '../build.ports.js';
import type { Launcher } from '../launcher.js';
import { send } from '../processes.js';
import { type Launched, Starter } from '../starter.js';
import { type CellWishes, cellCode, wayOutCode } from './arguments.js';
import type { Box } from './boxes.js';

/** Longest making of a cell, milliseconds; it takes 30. */
const MAKING_LIMIT_MS = 20_000;

export interface CellParts extends Pick<CellWishes, 'place' | 'writable' | 'readable'> {
  launcher: Launcher;
  network: Network;
  /** Undefined where control groups cannot be made. */
  box: Box | undefined;
}

export class Cell {
  /** Resolves when it can start no more; never rejects. */
  readonly gone: Promise<void>;
  isGone = false;

  private constructor(
    readonly network: Network,
    readonly box: Box | undefined,
    private readonly parts: {
      launcher: Launcher;
      starter: Starter;
      close: () => void;
      /** Its own processes: the bash, and the way out. */
      programs: Launched[];
    },
  ) {
    const { starter, programs, launcher } = parts;
    this.gone = Promise.race(programs.map(({ ended }) => settled(ended))).then(() => {
      this.isGone = true;
      starter.lose(new Error('the cell of the sandbox was ended from outside'));
      this.end();
    });
    void Promise.all(programs.map(({ ended }) => settled(ended))).then(() => {
      for (const { group } of programs) launcher.drop(group);
      box?.remove();
    });
  }

  /** Measured: 30 ms, most of it slirp4netns. @throws {Error} with the words of what did not work. */
  static async make(parts: CellParts): Promise<Cell> {
    const { launcher, network, box, place } = parts;
    const { pipes } = launcher;
    const pair = await launcher.takePipes();
    const requests = pipes.pathOf(pair, 'out');
    const input = await pipes.write(pair);
    const programs: Launched[] = [];
    const close = () => {
      input.destroy();
      pipes.remove(pair);
      for (const { group } of programs) send(-group, 'SIGKILL');
    };
    try {
      const starter = new Starter(input, pipes);
      const folders = { writable: parts.writable, readable: parts.readable };
      const wishes = { place, requests, pipes: pipes.folder, groups: box?.doors ?? [], ...folders };
      const cell = await launcher.start(cellCode(wishes));
      programs.push(cell);
      const pid = await saysPid(cell, starter);
      if (network === 'default') {
        const way = { pid, requests, ownAddresses: ownAddresses() };
        const out = await launcher.start(wayOutCode(place, way));
        programs.push(out);
        await firstWords(out, (words) => words.startsWith('1'));
      }
      return new Cell(network, box, { launcher, starter, close, programs });
    } catch (error) {
      close();
      box?.remove();
      throw error;
    }
  }

  async start(code: string): Promise<Launched> {
    const { launcher, starter } = this.parts;
    const launched = await starter.start(code);
    launcher.keep(launched.group);
    return launched;
  }

  drop(group: number): void {
    const { launcher, starter } = this.parts;
    starter.drop(group);
    launcher.drop(group);
  }

  /** Nothing may be running in it. Repeatable. */
  end(): void {
    this.parts.close();
  }
}

/** Hears what the cell says from now on, and returns what it said first. */
async function saysPid(cell: Launched, starter: Starter): Promise<number> {
  const reports = createInterface({ input: cell.stdout });
  const said = new Promise<number>((resolve) => {
    reports.on('line', (line) => {
      const words = line.split(' ');
      if (words[0] === 'cell') resolve(Number(words[1]));
      else starter.hear(words);
    });
  });
  return inTime(cell, said);
}

async function firstWords(program: Launched, isGood: (words: string) => boolean): Promise<void> {
  await inTime(
    program,
    new Promise<void>((resolve) => {
      program.stdout.on('data', (data: Buffer) => isGood(data.toString()) && resolve());
    }),
  );
}

/** @throws {Error} with what the program complained of, when it ends instead. */
async function inTime<T>(program: Launched, wish: Promise<T>): Promise<T> {
  let complaint = '';
  program.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-1_000);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it is not ready in time')), MAKING_LIMIT_MS);
  });
  const ended = program.ended.then(({ exitCode }) => {
    throw new Error(complaint.trim() || `it ended with exit code ${exitCode}`);
  });
  try {
    return await Promise.race([wish, late, ended]);
  } finally {
    clearTimeout(timer);
    ended.catch(() => {});
  }
}

/** Where this machine's services may listen beside loopback. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}

function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(
    () => {},
    () => {},
  );
}
