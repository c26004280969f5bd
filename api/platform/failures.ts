/**
 * How often who may be wrong about their token. A token has 256 random bits, so nobody guesses one:
 * this keeps a flood of wrong ones away from the database and out of the logs.
 *
 * Counted per process, in fixed windows, for the client's address and for the beginning of the token
 * (one wrong token that many machines send). A token that was good lately passes in any case, so those
 * who share an address with a flood (NAT) are not kept out; one that was not waits for at most a window.
 */
import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import { TooManyFailures } from './errors.js';

export const FAILURE_LIMITS = {
  /** Length of a window, milliseconds. */
  windowMs: 60_000,
  /** Wrong tokens from one address in a window. */
  perAddress: 30,
  /** Wrong tokens that begin alike in a window. */
  perToken: 10,
  /** Addresses and beginnings that are remembered; beyond that the one seen longest ago is forgotten. */
  remembered: 20_000,
  /** A token that was good passes for this long, milliseconds (10 min). */
  goodForMs: 600_000,
};
/** `slp_` and 48 of 256 bits. */
const BEGINNING_CHARS = 12;

export interface Attempt {
  /** The client's address. */
  address: string;
  token: string;
  /** Of the token. */
  hash: Buffer;
}

export class AuthFailures {
  private readonly failures: LRUCache<string, { count: number }>;
  private readonly good: LRUCache<string, true>;

  constructor(private readonly limits = FAILURE_LIMITS) {
    const { remembered, windowMs, goodForMs } = limits;
    this.failures = new LRUCache({ max: remembered, ttl: windowMs });
    this.good = new LRUCache({ max: remembered, ttl: goodForMs });
  }

  /** @throws {TooManyFailures} until the window ends. Asking changes nothing. */
  check(attempt: Attempt): void {
    if (this.good.has(attempt.hash.toString('base64'))) return;
    const waits = this.keys(attempt)
      .filter(([key, most]) => (this.failures.get(key)?.count ?? 0) >= most)
      .map(([key]) => this.failures.getRemainingTTL(key));
    if (waits.length > 0) throw new TooManyFailures(Math.ceil(Math.max(...waits) / 1_000));
  }

  /** @returns true when this one was the last that is looked at in its window. */
  failed(attempt: Attempt): boolean {
    this.good.delete(attempt.hash.toString('base64'));
    const counts = this.keys(attempt).map(([key, most]) => [this.count(key), most] as const);
    return counts.some(([count, most]) => count === most);
  }

  succeeded({ hash }: Attempt): void {
    this.good.set(hash.toString('base64'), true);
  }

  /** Forgets everything. For tests that are wrong on purpose. */
  clear(): void {
    this.failures.clear();
    this.good.clear();
  }

  /** Counting on does not move the window's end. */
  private count(key: string): number {
    const seen = this.failures.get(key);
    if (seen) return ++seen.count;
    this.failures.set(key, { count: 1 });
    return 1;
  }

  private keys({ address, token }: Attempt): [key: string, most: number][] {
    const { perAddress, perToken } = this.limits;
    return [
      [`address ${networkOf(address)}`, perAddress],
      [`token ${token.slice(0, BEGINNING_CHARS)}`, perToken],
    ];
  }
}

/** One customer has a whole /64 of IPv6: it counts as one address. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail = ''] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
