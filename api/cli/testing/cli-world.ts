/** A CLI that talks to a fake API, in a working tree with a pipeline and a remote. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runCli } from '../program.js';
import { aRun, FakeApi, TOKEN } from './fake-api.js';

const exec = promisify(execFile);
export const PIPELINE = `version: 1
name: delivery
on: { push: { branches: [main] } }
steps:
  test: { run: [npm test] }
  report: { needs: [test], run: [./report.sh] }
`;

export interface Ran {
  code: number;
  out: string;
  err: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of many shapes.
  json: any;
}

export class CliWorld {
  private constructor(
    readonly api: FakeApi,
    /** The working tree. */
    readonly root: string,
  ) {}

  static async start(): Promise<CliWorld> {
    const api = await FakeApi.start();
    const root = await mkdtemp(join(tmpdir(), 'slipway-cli-'));
    await exec('git', ['init', '--quiet', '--initial-branch=main', root]);
    await exec('git', ['-C', root, 'remote', 'add', 'slipway', `${api.url}/git/shop.git`]);
    await mkdir(join(root, '.slipway'));
    await writeFile(join(root, '.slipway/pipeline.yaml'), PIPELINE);
    return new CliWorld(api, root);
  }

  /** As a test finds it. */
  reset(): void {
    this.api.heard.length = 0;
    this.api.runs = [aRun()];
    this.api.approvals = [];
    this.api.events = [];
    this.api.refusal = undefined;
    this.api.databaseIsUp = true;
  }

  async stop(): Promise<void> {
    this.api.stop();
    await rm(this.root, { recursive: true, force: true });
  }

  slipway = async (
    line: string,
    over: { env?: NodeJS.ProcessEnv; interrupted?: AbortSignal } = {},
  ): Promise<Ran> => {
    const { api, root } = this;
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runCli(
      line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [],
      {
        out: (text) => out.push(text),
        err: (text) => err.push(text),
        env: { PATH: process.env['PATH'], SLIPWAY_URL: api.url, SLIPWAY_TOKEN: TOKEN, ...over.env },
        cwd: root,
        terminal: undefined,
        colour: false,
        secret: () => Promise.resolve('unused'),
        interrupted: over.interrupted ?? new AbortController().signal,
      },
    );
    const text = out.join('\n');
    const json: unknown = line.includes('--json') ? JSON.parse(text) : undefined;
    return { code, out: text, err: err.join('\n'), json };
  };

  /** `GET /runs`, of each request. */
  asked = (): string[] =>
    this.api.heard.map(({ method, path }) => `${method} ${path.replace('/api/v1', '')}`);
}
