/** A user's clone: files, commits and pushes by the real git. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Ended, finish, type Started, start } from './process.js';

const HELPER = '!f() { printf "username=user\\npassword=%s\\n" "$SLIPWAY_TOKEN"; }; f';

export class Clone {
  private constructor(
    readonly name: string,
    readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async make(of: {
    name: string;
    url: string;
    token: string;
    files: Record<string, string>;
  }): Promise<Clone> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-clone-'));
    const clone = new Clone(of.name, folder, {
      ...process.env,
      SLIPWAY_TOKEN: of.token,
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    });
    await clone.git('init', '--quiet', '--initial-branch=main');
    await clone.git('config', 'user.name', 'Ada');
    await clone.git('config', 'user.email', 'ada@example.org');
    await clone.git('config', 'credential.helper', HELPER);
    await clone.git('remote', 'add', 'slipway', `${of.url}/git/${of.name}.git`);
    await clone.commit('first', of.files);
    return clone;
  }

  /** Writes the files and commits everything. Returns the commit. */
  async commit(message: string, files: Record<string, string> = {}): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return (await this.git('rev-parse', 'HEAD')).stdout.trim();
  }

  /** `git push slipway main`; its end is the run's end, or its first wait for a person. */
  push(...args: string[]): Promise<Ended> {
    return finish('git', ['-C', this.folder, 'push', 'slipway', 'main', ...args], {
      env: this.env,
    });
  }

  pushing(): Started {
    return start('git', ['-C', this.folder, 'push', 'slipway', 'main'], { env: this.env });
  }

  async git(...args: string[]): Promise<Ended> {
    const ended = await finish('git', ['-C', this.folder, ...args], { env: this.env });
    if (ended.code !== 0) throw new Error(`git ${args.join(' ')}: ${ended.stderr}`);
    return ended;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
