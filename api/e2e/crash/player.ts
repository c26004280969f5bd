/** A user who does not give up: pushes, starts, votes and cancels until somebody says yes or no. */
import { writeFile } from 'node:fs/promises';
import { ApiProblem, type Client, createClient } from '../../client/client.js';
import type { Clone } from '../harness/clone.js';
import { eventually } from '../harness/eventually.js';
import { type ChatSaid, nothingSaid } from './chat/said.js';
import { insisting } from './insisting.js';
import type { World } from './world.js';

/** How long a run may take, with everything that is killed meanwhile. */
export const RUN_LIMIT_MS = 150_000;

const FINAL = ['succeeded', 'failed', 'rolledBack', 'errored', 'cancelled', 'superseded'];

/** What the user was told, to be compared with what is true. */
export interface Said {
  /** Order of the newest run that was there before. */
  after: number;
  /** Commits whose push was acknowledged, in order. */
  pushed: string[];
  starts: { acknowledged: string[]; tried: number };
  votes: { runId: string; login: string; answer: 'approve' | 'reject' }[];
  chat: ChatSaid;
}

/** One user's session with one repository. */
export class Player {
  readonly said: Said = {
    after: 0,
    pushed: [],
    starts: { acknowledged: [], tried: 0 },
    votes: [],
    chat: nothingSaid(),
  };
  private readonly pushes: Promise<unknown>[] = [];

  constructor(
    readonly world: World,
    readonly repository: string,
    private readonly clone: Clone,
    private readonly people: ReadonlyMap<string, Client>,
  ) {}

  async begin(): Promise<void> {
    const [newest] = await this.world.record.rows<{ order: number | null }>(
      'SELECT max("order") AS "order" FROM runs WHERE repository = $1',
      [this.repository],
    );
    this.said.after = newest?.order ?? 0;
  }

  /** Commits and pushes. Resolves when Git has the commit; a run's end is not waited for. */
  async push(files: Record<string, string>): Promise<string> {
    const commit = await this.clone.commit('change', files);
    this.pushes.push(this.pushUntilAcknowledged(commit));
    await this.eventually(`the push of ${commit.slice(0, 7)} is a run`, () => this.runOf(commit));
    return commit;
  }

  /** What somebody else may do. */
  as(login: string): Client {
    const client = this.people.get(login);
    if (client === undefined) throw new Error(`nobody is called "${login}"`);
    return client;
  }

  /** Starts a run of the main branch by hand. Returns its id. */
  start(): Promise<string> {
    const { starts } = this.said;
    return insisting('a start by hand', async () => {
      starts.tried++;
      const { id } = await this.world.stack.client.runs.start({ repository: this.repository });
      starts.acknowledged.push(id);
      return id;
    });
  }

  /** Answers the run's gate. A try whose answer was lost may have counted: then the next is refused. */
  async vote(runId: string, login: string, answer: 'approve' | 'reject'): Promise<void> {
    const client = this.as(login);
    const reason = answer === 'reject' ? { reason: 'not today' } : {};
    let wasLost = false;
    await insisting(`the vote of ${login}`, async () => {
      try {
        await client.runs.decide(runId, { answer, ...reason });
      } catch (error) {
        if (wasLost && isRefusal(error)) return true;
        wasLost = true;
        throw error;
      }
      return true;
    });
    this.said.votes.push({ runId, login, answer });
  }

  /** False when the run had ended before. */
  cancel(runId: string): Promise<boolean> {
    return insisting(`the cancel of ${runId}`, async () => {
      try {
        await this.world.stack.client.runs.cancel(runId, { reason: 'changed my mind' });
        return true;
      } catch (error) {
        if (isRefusal(error)) return false;
        throw error;
      }
    });
  }

  runOf(commit: string): Promise<string | undefined> {
    return this.world.record
      .rows<{ id: string }>(
        `SELECT id FROM runs WHERE repository = $1 AND commit = $2 AND trigger->>'kind' = 'push'`,
        [this.repository, commit],
      )
      .then(([run]) => run?.id);
  }

  async mustRun(commit: string): Promise<string> {
    const id = await this.runOf(commit);
    if (id === undefined) throw new Error(`the run of ${commit} vanished`);
    return id;
  }

  /** What the application of a commit answers; empty when it has none. */
  async versionOf(commit: string): Promise<string> {
    const { stdout } = await this.clone
      .git('show', `${commit}:server.mjs`)
      .catch(() => ({ stdout: '' }));
    return stdout.match(/'good'\) : '(.*)'\)/)?.[1] ?? '';
  }

  /** Makes the file that an application waits for. */
  mark(file: string): Promise<void> {
    return writeFile(file, '');
  }

  /** True when the run came there; false when it ended before. */
  async reaches(runId: string, step: string, ...statuses: string[]): Promise<boolean> {
    const found = await this.eventually(
      `${runId} ${step} is ${statuses.join(' or ')}`,
      async () => {
        const [row] = await this.world.record.rows<{ step: string; run: string }>(
          `SELECT steps.status AS step, runs.status AS run FROM steps JOIN runs ON runs.id = run_id
          WHERE run_id = $1 AND name = $2`,
          [runId, step],
        );
        if (row && statuses.includes(row.step)) return 'there';
        return row && FINAL.includes(row.run) ? 'ended' : undefined;
      },
    );
    return found === 'there';
  }

  /** Resolves with the status that the run ended in. */
  ends(runId: string): Promise<string> {
    return this.eventually(`${runId} ends`, async () => {
      const [run] = await this.world.record.rows<{ status: string }>(
        'SELECT status FROM runs WHERE id = $1',
        [runId],
      );
      return run && FINAL.includes(run.status) ? run.status : undefined;
    });
  }

  /** Resolves when the stage's port answers with this text, or when the run ended. */
  async serves(runId: string, stage: string, text: string): Promise<void> {
    await this.eventually(`${stage} serves ${text}`, async () => {
      const [row] = await this.world.record.rows<{ url: string | null; status: string }>(
        `SELECT url, (SELECT status FROM runs WHERE id = $3) AS status
           FROM stages WHERE repository = $1 AND name = $2`,
        [this.repository, stage, runId],
      );
      if (row && FINAL.includes(row.status)) return true;
      return row?.url ? (await (await fetch(row.url)).text()) === text : false;
    });
  }

  /** When no push is followed any more. */
  async rest(): Promise<void> {
    await Promise.all(this.pushes);
  }

  private async pushUntilAcknowledged(commit: string): Promise<void> {
    await insisting('the push', async () => {
      const { code, stderr } = await this.clone.push();
      if (code !== 0) throw new Error(stderr);
      return true;
    });
    this.said.pushed.push(commit);
  }

  private eventually<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
    return eventually(what, probe, RUN_LIMIT_MS);
  }
}

/** A definite no, in contrast to a part that is away. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiProblem && [404, 409].includes(error.status);
}

/** People who may answer gates and chat, and are not the one who pushes. */
export async function makePeople(world: World, logins: string[]): Promise<Map<string, Client>> {
  const people = new Map<string, Client>();
  for (const login of logins) {
    await world.stack.client.users.create({ login });
    const { token } = await world.stack.client.users.createToken({
      login,
      name: 'crash',
      scopes: ['read', 'approve', 'chat'],
    });
    people.set(login, createClient({ url: world.stack.url, token }));
  }
  return people;
}
