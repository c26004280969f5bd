/** Retention by policy: what is older than its class allows goes. */

export interface ExpireActivities {
  /**
   * Deletes at most `limit` conversations with their turns, and as many tickets, that were last changed
   * before the time of their class (ISO 8601; tickets: `year`), and what was counted of usage before
   * `default`.
   *
   * Repeatable: it deletes what is too old, whoever deleted before.
   *
   * @returns counts by kind; all zero when nothing was too old.
   * @throws `StoreUnavailable` or `TicketsUnavailable`, retried by policy.
   */
  expire: (input: {
    before: { default: string; year: string; legal: string };
    limit: number;
  }) => Promise<Record<string, number>>;
}

/** As `ChatStore` of activities/store has them. */
export interface Expiring {
  privacy: {
    expire(
      before: { default: Date; year: Date; legal: Date },
      limit: number,
    ): Promise<Record<string, number>>;
  };
  usage: { forget(before: Date): Promise<void> };
}

/** @param elsewhere where tickets are kept outside of our own store. */
export function createExpireActivities(
  { privacy, usage }: Expiring,
  elsewhere?: { expire(before: Date, limit: number): Promise<number> },
): ExpireActivities {
  return {
    expire: async ({ before, limit }) => {
      const times = {
        default: new Date(before.default),
        year: new Date(before.year),
        legal: new Date(before.legal),
      };
      const counts = { ...(await privacy.expire(times, limit)) };
      await usage.forget(times.default);
      if (elsewhere === undefined) return counts;
      const ticket = await elsewhere.expire(times.year, limit);
      return { ...counts, ticket: (counts['ticket'] ?? 0) + ticket };
    },
  };
}
