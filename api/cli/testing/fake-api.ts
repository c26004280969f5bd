/** An API for tests of the CLI: real HTTP, answers of wire.ts, obeys the test. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Approval, Release, Run, RunEvent, Stage } from '../../client/wire.js';

export const TOKEN = `slp_${'t'.repeat(43)}`;
const at = '2026-01-02T03:04:05.000Z';
const commit = 'c'.repeat(40);
const digest = `sha256:${'d'.repeat(64)}`;

export function aRun(over: Partial<Run> = {}): Run {
  return {
    id: 'shop-7',
    repository: 'shop',
    pipeline: 'delivery',
    commit,
    branch: 'main',
    order: 7,
    trigger: { kind: 'push', by: 'ada', inputs: {} },
    status: 'succeeded',
    reason: null,
    createdAt: at,
    startedAt: at,
    finishedAt: at,
    temporalUrl: null,
    steps: [aStep()],
    ...over,
  };
}

export function aStep(over: Partial<Run['steps'][number]> = {}): Run['steps'][number] {
  return {
    name: 'test',
    kind: 'run',
    needs: [],
    status: 'succeeded',
    reason: null,
    summary: '14 checks ok',
    exitCode: 0,
    signal: null,
    attempts: 1,
    startedAt: at,
    finishedAt: at,
    ...over,
  };
}

export function anApproval(over: Partial<Approval> = {}): Approval {
  return {
    runId: 'shop-7',
    step: 'approve',
    stage: 'production',
    from: ['release-team'],
    required: 1,
    selfApproval: false,
    evidence: {
      commit,
      comparedTo: null,
      commits: [{ commit, author: 'Ada', subject: 'sell shoes' }],
      change: { files: 3, insertions: 10, deletions: 2, paths: ['a.js'] },
      steps: [],
      findings: {},
      stages: [{ stage: 'staging', digest, health: 'healthy', message: 'serves' }],
    },
    openedAt: at,
    expiresAt: '2099-01-01T00:00:00.000Z',
    outcome: null,
    reason: null,
    closedAt: null,
    decisions: [],
    ...over,
  };
}

const stage: Stage = {
  repository: 'shop',
  name: 'staging',
  url: 'http://127.0.0.1:9001',
  health: 'healthy',
  message: 'serves',
  serving: { digest, commit, runId: 'shop-6' },
  queue: [{ runId: 'shop-7', state: 'asking' }],
  history: [],
};
const release: Release = {
  digest,
  repository: 'shop',
  commit,
  runId: 'shop-6',
  artifacts: [],
  createdAt: at,
};

export interface Heard {
  method: string;
  path: string;
  body: unknown;
}

export class FakeApi {
  readonly heard: Heard[] = [];
  runs: Run[] = [aRun()];
  approvals: Approval[] = [];
  /** One list per connection: each connection but the last breaks after its list. */
  events: RunEvent[][] = [];
  /** Answers instead of everything else. */
  refusal: { status: number; detail: string } | undefined;
  databaseIsUp = true;
  url = '';
  private readonly server: Server = createServer((request, response) => {
    void this.answer(request, response);
  });

  static async start(): Promise<FakeApi> {
    const api = new FakeApi();
    await new Promise<void>((resolve) => {
      api.server.listen(0, '127.0.0.1', resolve);
    });
    api.url = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;
    return api;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request) text += String(part);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const method = request.method ?? '';
    this.heard.push({
      method,
      path: `${pathname}${searchParams.size > 0 ? `?${String(searchParams)}` : ''}`,
      body,
    });
    const json = (status: number, answer: unknown) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer));
    const problem = (status: number, detail: string) =>
      json(status, { type: 'about:blank', title: 'No', status, detail, help: 'Do this.' });
    if (pathname === '/health') return this.health(json);
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return void problem(401, 'who are you');
    if (this.refusal) return void problem(this.refusal.status, this.refusal.detail);
    const path = pathname.replace('/api/v1', '');
    const [, area, id, part] = path.split('/');
    if (area === 'runs' && id && part === 'events') return this.stream(response);
    if (area === 'runs' && id && part === 'logs' && request.headers.accept === 'text/plain') {
      return void response.end('── test\nhello\u001b[31m red\n');
    }
    const answer = method === 'POST' && path === '/runs' ? this.runs[0] : this.find(path);
    if (answer === undefined) return void problem(404, `there is no ${path}`);
    json(200, answer);
  }

  private find(path: string): unknown {
    const [, area = '', id = '', part = ''] = path.split('/');
    const page = (items: unknown[]) => ({ items, next: null });
    const run = this.runs.find((one) => one.id === id);
    const gate = { state: 'approved', approvals: 1, required: 1 };
    if (path === '/runs') return page(this.runs);
    if (area === 'runs' && !run) return undefined;
    if (area === 'runs' && part === '') return run;
    if (part === 'approvals') return page(this.approvals);
    if (part === 'decision') return gate;
    if (part === 'cancel') return { status: 'running' };
    if (part === 'logs') return page([]);
    if (area === 'approvals') return gate;
    if (path.endsWith('/rollback')) return aRun({ id: 'shop-8', status: 'running' });
    if (area === 'stages') return page([stage]);
    if (area === 'releases') return page([release]);
    if (area === 'me') return { login: 'admin', teams: ['admins'], scopes: ['admin'] };
    if (area === 'users') return page([{ login: 'admin', teams: ['admins'], disabled: false }]);
    if (area === 'tokens' || area === 'audit') return page([]);
    return undefined;
  }

  private health(json: (status: number, answer: unknown) => void): void {
    const { databaseIsUp: isUp } = this;
    const at = '2026-11-20T09:30:00.000Z';
    const asked = { critical: true, response_time_ms: 1, last_check: at };
    const well = { status: 'healthy', message: 'answers', ...asked };
    const away = { status: 'unhealthy', message: 'PostgreSQL does not answer', ...asked };
    json(isUp ? 200 : 503, {
      status: isUp ? 'healthy' : 'unhealthy',
      timestamp: at,
      version: '0.1.0',
      services: { database: isUp ? well : away, temporal: well },
      system: {
        memory: { percentage: 50, used_gb: 4, available_gb: 4 },
        cpu: { percentage: 10 },
        memory_usage_mb: 200,
        cpu_usage_percent: 1,
      },
      cache_stats: {},
    });
  }

  private stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const events = this.events.shift() ?? [];
    for (const { event, data } of events) {
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
    if (this.events.length > 0) response.end();
  }
}
