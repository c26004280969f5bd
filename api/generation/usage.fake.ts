/** `UsageStore` in memory: sums of any number of replicas. It misbehaves on request. */
import type { UsageStore } from '../../activities/store/chat.ports.js';

type Used = Parameters<UsageStore['add']>[1];

export class FakeUsage implements UsageStore {
  readonly statements: Used[] = [];
  /** Thrown by every call until it is taken back. */
  trouble: Error | undefined;
  private readonly sums = new Map<string, { requests: number; tokens: number }>();

  async add(startsAt: Date, used: Used): Promise<Used> {
    if (this.trouble) throw this.trouble;
    this.statements.push(used);
    return used.map(({ subject, requests, tokens }) => {
      const key = `${subject} ${startsAt.getTime()}`;
      const known = this.sums.get(key) ?? { requests: 0, tokens: 0 };
      const sum = { requests: known.requests + requests, tokens: known.tokens + tokens };
      this.sums.set(key, sum);
      return { subject, ...sum };
    });
  }

  async forget(): Promise<void> {
    if (this.trouble) throw this.trouble;
  }

  of(subject: string, startsAt: number): { requests: number; tokens: number } | undefined {
    return this.sums.get(`${subject} ${startsAt}`);
  }
}
