/**
 * The executor `sandbox`: bubblewrap's walls around every step, and a network without our loopback.
 * What a step may see, reach and use is one table in docs/OPERATIONS.md.
 *
 * @see docs/adr/0030-steps-run-in-a-sandbox.md
 */
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Executor, Exit, Owner, Program, Shell, Started } from '../build.ports.js';
import { Launchers } from '../launcher.js';
import { send } from '../processes.js';
import { quoted } from '../quoted.js';
import { type Place, stepCode } from './arguments.js';
import { Boxes } from './boxes.js';
import { Cell } from './cell.js';
import { Cells } from './cells.js';
import { type Door, loopbackPort, openDoor } from './door.js';
import { FirstProcess } from './first-process.js';
import { FILE_COST_BYTES, limitWords, type StepLimits } from './limits.js';
import type { Tools } from './tools.js';
import { makeView, type ViewOptions } from './view.js';
import { type Guard, Watch } from './watch.js';

/**
 * Who steps are to the machine where the worker is root: a number that Debian and others reserve and
 * give to nobody.
 */
const NOBODYS_ID = 65_533;
/** A shell's word for a program that wrote a file larger than it may: 128 + SIGXFSZ. */
const FILE_TOO_LARGE = 153;

export interface SandboxOptions {
  tools: Tools;
  limits: StepLimits;
  view: ViewOptions;
  /** Of this process alone: workspaces are made in it, and the sandbox's own files in `sandbox`. */
  folder: string;
  /** Folders that may be named in `readable` of a program. */
  readable: string[];
  /** Where control groups are made; default: where the system has them. */
  controlGroups?: string;
}

interface Parts {
  cell: Cell;
  door: Door | undefined;
  guard: Guard;
  first: FirstProcess;
}

export class SandboxExecutor implements Executor {
  readonly notice = 'executor sandbox: commands are isolated from this machine and each other';
  readonly owner: Owner | undefined = stepOwner();
  private readonly launchers: Launchers;
  private readonly cells: Cells;
  private readonly watch: Watch;
  private readonly boxes: Boxes | undefined;
  private place: Promise<Place> | undefined;
  private steps = 0;

  /** Begins its launcher at once: while the process is small, that is cheap. */
  constructor(private readonly options: SandboxOptions) {
    const { tools, limits } = options;
    this.launchers = new Launchers({ bash: tools.bash, owner: this.owner });
    this.launchers.current().catch(() => {}); // Whoever starts something hears of it.
    this.boxes = Boxes.open(limits, options.controlGroups);
    this.cells = new Cells((network) => this.makeCell(network));
    this.watch = new Watch(limits, (folder) => this.measure(folder));
  }

  refusalOf(): undefined {
    return undefined;
  }

  async shell(): Promise<Shell> {
    return { path: this.options.tools.bash, kind: 'bash' };
  }

  async start(program: Program): Promise<Started> {
    const place = await this.ready();
    const launcher = await this.launchers.current();
    const cell = await this.cells.take(program.network);
    let door: Door | undefined;
    try {
      const port = loopbackPort(program.stageUrl);
      if (port !== undefined) {
        door = await openDoor(cell, port, { launcher, owner: this.owner });
      }
      const pidFile = join(launcher.pipes.folder, `step-${++this.steps}`);
      const hasGroups = cell.box !== undefined;
      const launched = await cell.start(stepCode(place, program, { hasGroups, pidFile }));
      const { group } = launched;
      const first = new FirstProcess(group, pidFile);
      const guard = this.watch.add({ group, box: cell.box, folder: program.writable });
      return this.started(launched, { cell, door, guard, first });
    } catch (error) {
      door?.close();
      cell.end();
      throw error;
    }
  }

  async handOver(folder: string): Promise<void> {
    if (!this.owner) return;
    const { uid, gid } = this.owner;
    await this.ran(`PATH=/usr/bin:/bin exec chown -Rh ${uid}:${gid} -- ${quoted(folder)}`);
  }

  async close(): Promise<void> {
    await this.cells.close();
    await this.boxes?.close();
    await this.launchers.close();
  }

  private started(
    { group, stdout, stderr, ended }: Awaited<ReturnType<Cell['start']>>,
    { cell, door, guard, first }: Parts,
  ): Started {
    return {
      stdout,
      stderr,
      ended,
      lives: () => first.lives(),
      signal: (signal) => {
        if (signal === 'SIGTERM') first.terminate();
        else send(-group, signal);
      },
      // Its first process is in the group, and the others cannot outlive it.
      endStragglers: () => first.gone().then(() => {}),
      limitMet: (exit) => this.limitMet(guard, exit),
      release: () => {
        this.watch.remove(guard);
        door?.close();
        void first.gone().then((isGone) => {
          first.forget();
          cell.drop(group);
          if (isGone) this.cells.giveBack(cell);
          else cell.end();
        });
      },
    };
  }

  private limitMet(guard: Guard, { exitCode }: Exit): string | undefined {
    const limit =
      guard.met ??
      (exitCode === 0 ? undefined : guard.counted()) ??
      (exitCode === FILE_TOO_LARGE ? 'disk' : undefined);
    return limit && limitWords(limit, this.options.limits);
  }

  private ready(): Promise<Place> {
    this.place ??= this.makePlace().catch((error: unknown) => {
      this.place = undefined; // The next step tries again.
      throw error;
    });
    return this.place;
  }

  private async makePlace(): Promise<Place> {
    const { tools, limits, folder, view } = this.options;
    const seen = await makeView(join(folder, 'sandbox'), view);
    return { tools, limits, owner: this.owner, view: seen };
  }

  private async makeCell(network: Cell['network']): Promise<Cell> {
    const place = await this.ready();
    const launcher = await this.launchers.current();
    const readable = [process.execPath, ...this.options.readable];
    const writable = [this.options.folder];
    return Cell.make({ place, launcher, network, readable, writable, box: this.boxes?.make() });
  }

  /** What a folder holds, small files at what they cost, bytes. */
  private async measure(folder: string): Promise<number> {
    const path = quoted(folder);
    const du = `PATH=/usr/bin:/bin; du -skx -- ${path}; du -s --inodes -- ${path} || :`;
    const [kib = 0, files = 0] = (await this.ran(du)).split('\n').map(Number.parseFloat);
    return kib * 1_024 + files * FILE_COST_BYTES;
  }

  /** What a small program of our own prints. @throws {Error} with its complaint. */
  private async ran(code: string): Promise<string> {
    const launcher = await this.launchers.current();
    const { group, stdout, stderr, ended } = await launcher.start(code);
    const [said, complaint, { exitCode }] = await Promise.all([text(stdout), text(stderr), ended]);
    launcher.drop(group);
    if (exitCode !== 0) throw new Error(complaint.trim() || `it ended with exit code ${exitCode}`);
    return said;
  }
}

function stepOwner(): Owner | undefined {
  return process.getuid?.() === 0 ? { uid: NOBODYS_ID, gid: NOBODYS_ID } : undefined;
}
