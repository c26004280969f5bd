/** Workspaces with a checkout, used again where a step left no trace: most steps only look. */
import { lstatSync, readdirSync } from 'node:fs';
import type { RunRef } from '../../workflows/domain/run.js';
import type { Checkouts } from './build.ports.js';
import { outputIn, type Workspace, type Workspaces } from './workspace.js';

/** Workspaces that wait for a step of the same commit; the oldest goes first. */
const MAX_IDLE = 100;

export class WorkspacePool {
  private readonly idle: { key: string; workspace: Workspace }[] = [];

  constructor(
    private readonly workspaces: Pick<Workspaces, 'create' | 'remove'>,
    private readonly source: Checkouts,
  ) {}

  /** A workspace whose `tree` is the commit and whose other folders are empty. */
  async take({ repository, commit }: Pick<RunRef, 'repository' | 'commit'>): Promise<Workspace> {
    const at = this.idle.findLastIndex(({ key }) => key === `${repository}@${commit}`);
    const [found] = at === -1 ? [] : this.idle.splice(at, 1);
    if (found) return { ...found.workspace, output: outputIn(found.workspace.root) };
    const workspace = await this.workspaces.create();
    try {
      await this.source.checkout({ repository, commit, folder: workspace.tree });
      return workspace;
    } catch (error) {
      this.workspaces.remove(workspace);
      throw error;
    }
  }

  /** Keeps the workspace for the next step when nothing in it was touched; else removes it. */
  giveBack(
    workspace: Workspace,
    { repository, commit }: Pick<RunRef, 'repository' | 'commit'>,
  ): void {
    if (!isEmptyBeside(workspace) || !this.source.isPristine(workspace.tree)) {
      this.workspaces.remove(workspace);
      return;
    }
    this.idle.push({ key: `${repository}@${commit}`, workspace });
    if (this.idle.length > MAX_IDLE) this.workspaces.remove(this.idle.shift()!.workspace);
  }
}

/** Synchronous on purpose: five inodes that are in memory. */
function isEmptyBeside({ root, home, temp, scratch }: Workspace): boolean {
  try {
    return (
      readdirSync(root).length === 3 &&
      [home, temp, scratch].every((folder) => {
        const stats = lstatSync(folder);
        return stats.isDirectory() && (stats.mode & 0o700) === 0o700 && isEmpty(folder);
      })
    );
  } catch {
    return false; // One of them is gone.
  }
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}
