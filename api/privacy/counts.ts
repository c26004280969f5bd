/** Counts by kind, of several places. */
export function summed(all: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [kind, count] of all.flatMap(Object.entries<number>)) {
    sum[kind] = (sum[kind] ?? 0) + count;
  }
  return sum;
}
