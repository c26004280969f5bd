/**
 * A replica: a number, and a connection of its own that holds the number's advisory lock.
 *
 * The lock says that it lives. What it may write is decided by the guards of each write, which name
 * its number; so a replica that was thought dead can do no harm when it comes back.
 * The connection must be PostgreSQL's own: a pooler that shares sessions would share the lock.
 */
import pg from 'pg';
import type { Replica } from './chat.ports.js';
import { reaching } from './errors.js';
import { CHANNEL } from './notifications.js';
import { REPLICA_LOCK } from './replicas.living.js';
import { clean } from './text.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;
const CONNECT_LIMIT_MS = 5_000;
/** How often a silent connection is asked whether it still lives, and how long it may take. */
const PROBE_INTERVAL_MS = 5_000;
const PROBE_LIMIT_MS = 5_000;
/** PostgreSQL lets go of the lock of a machine that vanished after idle + interval × count seconds. */
const SESSION = `SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5;
  SET tcp_keepalives_count = 2; SET idle_session_timeout = 0`;

/** @throws {StoreUnavailable} when it cannot be done now; once joined, it comes back by itself. */
export async function join(url: string, name: string): Promise<Replica> {
  const member = new Member(url, clean(name));
  await reaching(() => member.enter());
  return member;
}

class Member implements Replica {
  number = 0;
  private client: pg.Client | undefined;
  private entering: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private backoffMs = FIRST_BACKOFF_MS;
  private hasLeft = false;

  constructor(
    private readonly url: string,
    private readonly name: string,
  ) {}

  isAlive(): boolean {
    return this.client !== undefined;
  }

  async leave(): Promise<void> {
    this.hasLeft = true;
    clearTimeout(this.timer);
    await this.entering?.catch(() => {});
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    await client?.query(LEAVE, [this.number]).catch(() => {}); // Others sweep what we left.
    await client?.end().catch(() => {});
  }

  /** Connects, and holds the lock when it returns. */
  async enter(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'slipway replica',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: PROBE_LIMIT_MS,
      keepAlive: true,
    });
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    try {
      await client.connect();
      await client.query(SESSION);
      this.number = await takeNumber(client, this.number, this.name);
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    this.client = client;
    this.backoffMs = FIRST_BACKOFF_MS;
    this.probeLater(client);
  }

  private lost(client: pg.Client): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.end().catch(() => {});
    this.enterLater();
  }

  private enterLater(): void {
    clearTimeout(this.timer);
    if (this.hasLeft) return;
    this.timer = setTimeout(() => {
      this.entering = this.enter().catch(() => this.enterLater());
    }, this.backoffMs);
    this.timer.unref();
    this.backoffMs = Math.min(this.backoffMs * 2, MAX_BACKOFF_MS);
  }

  private probeLater(client: pg.Client): void {
    this.timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => {
          if (this.client === client) this.probeLater(client);
        },
        () => this.lost(client),
      );
    }, PROBE_INTERVAL_MS);
    this.timer.unref();
  }
}

/** A new number, or the same again: row and lock are seen together, so nobody sweeps one without. */
async function takeNumber(client: pg.Client, before: number, name: string): Promise<number> {
  await client.query('BEGIN');
  const { rows } = await client.query<{ number: number }>(
    before === 0
      ? 'INSERT INTO replicas (name) VALUES ($1) RETURNING number'
      : `INSERT INTO replicas (name, number) OVERRIDING SYSTEM VALUE VALUES ($1, $2)
         ON CONFLICT (number) DO UPDATE SET joined_at = now(), lost_at = NULL RETURNING number`,
    before === 0 ? [name] : [name, before],
  );
  const number = rows[0]?.number;
  if (number === undefined) throw new Error('PostgreSQL took a replica and returned no number');
  // The lock of our own number is ours: only a session that we lost may still hold it.
  await client.query(END_LOST, [number]);
  const { rows: locks } = await client.query<{ taken: boolean }>(
    `SELECT pg_try_advisory_lock(${REPLICA_LOCK}, $1) AS taken`,
    [number],
  );
  if (!locks[0]?.taken) throw new Error(`the lock of replica ${number} is still held`);
  await client.query('COMMIT');
  return number;
}

const END_LOST = `SELECT pg_terminate_backend(pid) FROM pg_locks
  WHERE locktype = 'advisory' AND classid::bigint = ${REPLICA_LOCK} AND objid::bigint = $1
    AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const LEAVE = `WITH told AS (
    SELECT DISTINCT conversation_id FROM presences WHERE replica = $1),
  gone AS (DELETE FROM replicas WHERE number = $1)
  SELECT pg_notify('${CHANNEL}', 'presence:' || conversation_id) FROM told`;
