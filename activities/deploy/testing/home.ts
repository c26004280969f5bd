/** A home with a GitOps repository and real, small applications, for the reconciler's tests. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { create } from 'tar';
import type { Release } from '../../../workflows/domain/release.js';
import type { GitOps } from '../deploy.ports.js';
import { createGitOps } from '../gitops.git.adapter.js';
import { type Reconciler, startReconciler } from '../reconciler/reconciler.js';
import type { Report } from '../reconciler/reporter.js';
import { pin, REPOSITORY, release, STAGE, withdrawal } from './stories.js';

const LIMIT_MS = 20_000;

/** Answers `/` with its words, `/slow` after 300 ms, `/crash` by ending, and accepts WebSockets. */
const APPLICATION = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
const words = WORDS;
const server = createServer((req, res) => {
  if (req.url === '/crash') process.exit(3);
  if (req.url === '/env') return res.end(JSON.stringify(process.env));
  if (req.url === '/health') { res.statusCode = words.includes('unhealthy') ? 503 : 200; }
  const answer = () => res.end(words);
  if (req.method === 'POST') { req.resume(); req.on('end', answer); return; }
  if (req.url === '/slow') setTimeout(answer, 300); else answer();
});
server.on('upgrade', (req, socket) => {
  const accept = createHash('sha1')
    .update(req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
    .digest('base64');
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n' +
    'Connection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
});
server.listen(Number(process.env.PORT), '127.0.0.1');
`;

export class TestHome {
  readonly gitops: GitOps;
  readonly lines: string[] = [];
  private readonly reports = new Map<string, Report>();
  private reconciler: Reconciler | undefined;

  private constructor(readonly path: string) {
    this.gitops = createGitOps(join(path, 'git', 'gitops.git'));
  }

  static async create(): Promise<TestHome> {
    return new TestHome(await mkdtemp(join(tmpdir(), 'reconciler-')));
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.path, { recursive: true, force: true });
  }

  async start(): Promise<void> {
    this.reconciler = await startReconciler({
      home: this.path,
      stages: {
        observe: async (report) =>
          void this.reports.set(`${report.repository}/${report.name}`, report),
      },
      say: (line) => void this.lines.push(line),
      silentLooks: 2,
    });
  }

  async stop(endInstances = true): Promise<void> {
    await this.reconciler?.stop({ endInstances });
    this.reconciler = undefined;
  }

  /** Keeps an application that says `words` as the artifact of release `order`. */
  async release(order: number, words: string, command = 'node main.mjs'): Promise<Release> {
    const source = join(this.path, 'sources', String(order));
    await mkdir(source, { recursive: true });
    const code = APPLICATION.replace('WORDS', JSON.stringify(words));
    await writeFile(join(source, 'main.mjs'), code);
    const tar = join(source, '..', `${order}.tar`);
    await create({ file: tar, cwd: source, portable: true }, ['main.mjs']);
    const hex = createHash('sha256')
      .update(await readFile(tar))
      .digest('hex');
    const folder = join(this.path, 'artifacts', 'sha256', hex.slice(0, 2));
    await mkdir(folder, { recursive: true });
    await rename(tar, join(folder, hex));
    const digest = `sha256:${hex}`;
    const artifacts = [{ name: 'image', kind: 'archive' as const, digest, bytes: 1, command }];
    return release(order, { artifacts, health: '/health' });
  }

  async deploy(order: number, made: Release): Promise<void> {
    await this.gitops.pin(pin(order, { release: made }));
  }

  async putBack(order: number, made: Release): Promise<void> {
    await this.gitops.putBack(withdrawal(order, { releaseDigest: made.digest }));
  }

  get seen(): Report | undefined {
    return this.reports.get(`${REPOSITORY}/${STAGE}`);
  }

  /** Resolves when the stage is reported like this. */
  async sees(wanted: Partial<Report>): Promise<Report> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const { seen } = this;
      const matches = Object.entries(wanted).every(([k, v]) => seen?.[k as keyof Report] === v);
      if (seen && matches) return seen;
      if (Date.now() > deadline) {
        const said = this.lines.join('\n');
        throw new Error(
          `never saw ${JSON.stringify(wanted)}, but ${JSON.stringify(seen)}\n${said}`,
        );
      }
      await wait(10);
    }
  }

  serves({ digest }: Release): Promise<Report> {
    return this.sees({ digest, health: 'healthy' });
  }

  stageFolder(): string {
    return join(this.path, 'stages', REPOSITORY, STAGE);
  }

  /** What is written down of the instance that serves. */
  async instance(): Promise<{ pid: number; folder: string }> {
    return (await this.written()).serving;
  }

  async stablePort(): Promise<number> {
    return (await this.written()).port;
  }

  private async written() {
    return JSON.parse(await readFile(join(this.stageFolder(), 'stage.json'), 'utf8'));
  }
}

export interface Answer {
  status: number;
  text: string;
}

export function ask(url: string, path = '/', agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}${path}`, agent ? { agent } : {}, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

/** Resolves when `holds` does. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited for 20 s: ${holds.toString()}`);
    await wait(10);
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
