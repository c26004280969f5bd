/** What each user, and each token with a budget, may ask in a minute: counted here, and known of other replicas from their sums. */
import { QuotaExceeded } from '../platform/errors.js';
import type { Caller } from './generation.ports.js';

type Spender = Pick<Caller, 'login' | 'key' | 'isCounted'>;

export interface Spent {
  requests: number;
  tokens: number;
}
export type SpentOf = Spent & { subject: string };

interface Account {
  own: Spent;
  /** Of `own`, what the sums hold already. */
  told: Spent;
  others: Spent;
  /** Tokens of prompts that were let in and are not counted yet. */
  reserved: number;
}

interface Window {
  startsAt: number;
  accounts: Map<string, Account>;
}

/** What one window adds to the sums. */
export interface Report {
  startsAt: Date;
  used: SpentOf[];
}

export interface Reservation {
  /** What it really was, once, whenever that is known. Repeatable: later calls count nothing. */
  settle(tokens: number): void;
}

const WINDOW_MS = 60_000;

export class Budgets {
  private window: Window;
  /** The window before, until it was reported. */
  private last: Window | undefined;

  /** @param clock Milliseconds since 1970. */
  constructor(
    private readonly limits: Spent,
    private readonly clock: () => number = Date.now,
  ) {
    this.window = { startsAt: startOf(clock()), accounts: new Map() };
  }

  /** @throws {QuotaExceeded} when this user, or this token, has used up a budget; nothing is counted. */
  check(spender: Spender): void {
    for (const { subject, limits, whose } of this.budgetsOf(spender)) {
      const account = this.now().accounts.get(subject);
      if (!account) continue;
      const { own, others, reserved } = account;
      const seconds = Math.ceil((this.window.startsAt + WINDOW_MS - this.clock()) / 1_000);
      if (!spender.isCounted && own.requests + others.requests >= limits.requests) {
        throw new QuotaExceeded(counted(limits.requests, 'request'), Math.max(1, seconds), whose);
      }
      if (own.tokens + others.tokens + reserved >= limits.tokens) {
        throw new QuotaExceeded(counted(limits.tokens, 'token'), Math.max(1, seconds), whose);
      }
    }
  }

  /** Counts the request, unless it is counted already, and these tokens until they are settled. */
  spend(spender: Spender, tokens: number): Reservation {
    const subjects = this.budgetsOf(spender).map(({ subject }) => subject);
    const accounts = subjects.map((subject) => this.accountOf(subject));
    for (const account of accounts) {
      account.own.requests += spender.isCounted ? 0 : 1;
      account.reserved += tokens;
    }
    let isSettled = false;
    return {
      settle: (really) => {
        if (isSettled) return;
        isSettled = true;
        for (const account of accounts) account.reserved -= tokens;
        for (const subject of subjects) this.accountOf(subject).own.tokens += really;
      },
    };
  }

  /** What the sums do not hold yet; at most two windows. */
  reports(): Report[] {
    const windows = [this.now(), ...(this.last ? [this.last] : [])];
    return windows.flatMap(({ startsAt, accounts }) => {
      const used = [...accounts].flatMap(([subject, { own, told }]) => {
        const requests = own.requests - told.requests;
        const tokens = own.tokens - told.tokens;
        return requests + tokens > 0 ? [{ subject, requests, tokens }] : [];
      });
      return used.length > 0 ? [{ startsAt: new Date(startsAt), used }] : [];
    });
  }

  /** A report was added, and these are the sums now. */
  learn({ startsAt, used }: Report, sums: readonly SpentOf[]): void {
    const window = [this.window, this.last].find((one) => one?.startsAt === startsAt.getTime());
    if (!window) return;
    const known = new Map(sums.map((one) => [one.subject, one]));
    for (const { subject, requests, tokens } of used) {
      const account = window.accounts.get(subject);
      if (!account) continue;
      account.told.requests += requests;
      account.told.tokens += tokens;
      const sum = known.get(subject) ?? account.told;
      account.others = {
        requests: Math.max(0, sum.requests - account.told.requests),
        tokens: Math.max(0, sum.tokens - account.told.tokens),
      };
    }
    if (window === this.last) this.last = undefined;
  }

  /** The user's, and that of the token where it has one. */
  private budgetsOf({ login, key }: Spender) {
    const users = { subject: `user:${login}`, limits: this.limits, whose: 'your' as const };
    if (!key) return [users];
    const limits = {
      requests: key.requestsPerMinute ?? Number.POSITIVE_INFINITY,
      tokens: key.tokensPerMinute ?? Number.POSITIVE_INFINITY,
    };
    return [users, { subject: `token:${key.id}`, limits, whose: "this token's" as const }];
  }

  private accountOf(subject: string): Account {
    const { accounts } = this.now();
    const known = accounts.get(subject);
    if (known) return known;
    const none = () => ({ requests: 0, tokens: 0 });
    const account = { own: none(), told: none(), others: none(), reserved: 0 };
    accounts.set(subject, account);
    return account;
  }

  private now(): Window {
    const startsAt = startOf(this.clock());
    if (startsAt > this.window.startsAt) {
      this.last = this.window;
      this.window = { startsAt, accounts: new Map() };
    }
    return this.window;
  }
}

function startOf(ms: number): number {
  return Math.floor(ms / WINDOW_MS) * WINDOW_MS;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
