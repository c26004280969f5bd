/** How much things weigh for Temporal, and what it takes at once. Pure. */

/** Plan, inputs and everything that is carried, as JSON, bytes: Temporal refuses 2 MiB. */
export const MAX_HANDOVER_BYTES = 1_900_000;
/** Of those, for what every run carries: where its steps, deploys and stages stand, and why. */
export const RESERVED_BYTES = 65_536;
/** What activities that start in one workflow task are told about other steps, bytes together: one
 * answer to Temporal may weigh 4 MiB, and holds the steps themselves, too. */
export const MAX_TOLD_BYTES = 1_500_000;
/** Of a step's own facts and the trigger's, bytes; more is counted. */
const FREE_BYTES = 1_024;

const encoder = new TextEncoder();

/** Bytes of its JSON: what a payload weighs. */
export function bytesOf(value: unknown): number {
  return encoder.encode(JSON.stringify(value)).length;
}

/** What later steps may need of earlier ones in a run with this input, bytes. */
export function luggageLimit(inputBytes: number, steps: number): number {
  return Math.max(0, MAX_HANDOVER_BYTES - RESERVED_BYTES - steps - inputBytes);
}

/** How many steps may start in one workflow task when each is told at most so much. At least one. */
export function startsAtOnce(toldBytes: number, most: number): number {
  if (toldBytes <= FREE_BYTES) return most;
  return Math.max(1, Math.min(most, Math.floor(MAX_TOLD_BYTES / toldBytes)));
}
