/** Text as PostgreSQL takes it: no NUL, no half of a surrogate pair, reasons within their limit. */
import { toReason } from '../../workflows/domain/limits.js';

export function clean(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** The same, with as many UTF-16 code units as it had: whoever counts them goes on counting. */
export function cleanSameLength(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

export function cleanReason(reason: string | null): string | null {
  return reason === null ? null : toReason(clean(reason));
}

/** JSON text for a jsonb column; null stays SQL's null. */
export function toJson(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? clean(part) : part,
  );
}
