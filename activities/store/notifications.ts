/** LISTEN on a connection of its own, which comes back by itself. */
import pg from 'pg';

/** The channel of every change; for payloads see `Store.listen`. */
export const CHANNEL = 'slipway_changes';

/** Said after a reconnect: what was notified meanwhile was missed. */
const RECONNECTED = 'reconnected';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
const CONNECT_LIMIT_MS = 5_000;
/** How often a silent connection is asked whether it still lives, and how long it may take. */
const PROBE_INTERVAL_MS = 20_000;
const PROBE_LIMIT_MS = 5_000;

type Listener = (changed: string) => void;

/** One LISTEN connection for all listeners of a process; open while there is at least one. */
export class Notifications {
  private readonly listeners = new Set<Listener>();
  private client: pg.Client | undefined;
  private opening: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private backoffMs = FIRST_BACKOFF_MS;

  constructor(private readonly url: string) {}

  /**
   * Resolves when changes are heard, or when the first try failed; later tries go on by themselves,
   * and the one that works is told as `reconnected`.
   */
  async add(listener: Listener): Promise<() => Promise<void>> {
    const own: Listener = (changed) => listener(changed);
    this.listeners.add(own);
    this.opening ??= this.open('');
    await this.opening;
    return async () => {
      this.listeners.delete(own);
      if (this.listeners.size === 0) await this.close();
    };
  }

  async close(): Promise<void> {
    this.listeners.clear();
    clearTimeout(this.timer);
    await this.opening;
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    this.opening = undefined;
    await client?.end().catch(() => {});
  }

  private async open(greeting: string): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'slipway listen',
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: PROBE_LIMIT_MS,
      keepAlive: true,
    });
    const lost = () => this.lost(client);
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => this.tell(payload ?? ''));
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch {
      this.lost(client);
      return;
    }
    this.backoffMs = FIRST_BACKOFF_MS;
    if (greeting !== '') this.tell(greeting);
    this.probeLater(client);
  }

  /** The connection ended, or could not be made: forget it, and try again a little later. */
  private lost(client: pg.Client): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.end().catch(() => {});
    clearTimeout(this.timer);
    if (this.listeners.size === 0) return;
    this.timer = setTimeout(() => {
      this.opening = this.open(RECONNECTED);
    }, this.backoffMs);
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

  private tell(changed: string): void {
    for (const listener of this.listeners) listener(changed);
  }
}
