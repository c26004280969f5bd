/** A Duration is "90s", "10m", "72h", or seconds as a number. */
const SECONDS = { s: 1, m: 60, h: 3_600 };
const FORM = /^(\d{1,8})([smh])$/;

/** Whole seconds; undefined when it is no duration. */
export function toSeconds(duration: unknown): number | undefined {
  if (typeof duration === 'number') {
    return Number.isSafeInteger(duration) && duration >= 0 ? duration : undefined;
  }
  const parts = typeof duration === 'string' ? FORM.exec(duration) : null;
  if (parts === null) return undefined;
  return Number(parts[1]) * SECONDS[parts[2] as keyof typeof SECONDS];
}
