/** What each user may ask in a minute: counted here, and known of other replicas from their sums. */
import { QuotaExceeded } from '../platform/errors.js';

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

  /** @throws {QuotaExceeded} when this user has used up a budget; nothing is counted. */
  check(login: string): void {
    const account = this.now().accounts.get(subjectOf(login));
    if (!account) return;
    const { own, others, reserved } = account;
    const seconds = Math.ceil((this.window.startsAt + WINDOW_MS - this.clock()) / 1_000);
    if (own.requests + others.requests >= this.limits.requests) {
      throw new QuotaExceeded(`${this.limits.requests} requests`, Math.max(1, seconds));
    }
    if (own.tokens + others.tokens + reserved >= this.limits.tokens) {
      throw new QuotaExceeded(`${this.limits.tokens} tokens`, Math.max(1, seconds));
    }
  }

  /** Counts one request, and these tokens until they are settled. */
  spend(login: string, tokens: number): Reservation {
    const account = this.accountOf(login);
    account.own.requests += 1;
    account.reserved += tokens;
    let isSettled = false;
    return {
      settle: (really) => {
        if (isSettled) return;
        isSettled = true;
        account.reserved -= tokens;
        this.accountOf(login).own.tokens += really;
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

  private accountOf(login: string): Account {
    const { accounts } = this.now();
    const subject = subjectOf(login);
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

function subjectOf(login: string): string {
  return `user:${login}`;
}
