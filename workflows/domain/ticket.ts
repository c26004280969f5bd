/** A ticket: something that a person should look at, wherever it was said. */
import { z } from 'zod';
import { Login, plainText } from './names.js';

/** What else an importing system knew, as JSON: bytes, and how deep objects and lists may go. */
export const MAX_EXTRA_BYTES = 16_384;
export const MAX_EXTRA_DEPTH = 16;
/** A number of `extra`: what every storage keeps without loss. */
const MAX_EXTRA_NUMBER = 1e120;
const MIN_EXTRA_NUMBER = 1e-120;

export const TicketStatus = z.enum(['open', 'in-progress', 'waiting', 'resolved', 'closed']);
export type TicketStatus = z.infer<typeof TicketStatus>;

/** Where it came from. */
export const TicketChannel = z.enum(['chat', 'web', 'email', 'phone', 'api']);
export type TicketChannel = z.infer<typeof TicketChannel>;

/** Letters, digits, "-" and "_". At most 64 characters; who imports tickets may bring their own. */
export const TicketId = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'must be letters, digits, "-" or "_"')
  .refine((id) => id !== 'health', 'must not be "health": that address says how the storage is');

export const TicketSubject = plainText(200);
export const TicketBody = plainText(20_000);

/** Whatever else the importing system knew. At most 16 KiB of JSON, 16 levels deep. */
export const TicketExtra = z.record(z.string(), z.unknown()).superRefine((extra, context) => {
  const why = troubleOf(extra, MAX_EXTRA_DEPTH);
  if (why !== undefined) context.addIssue({ code: 'custom', message: why });
});

export const Ticket = z.object({
  id: TicketId,
  status: TicketStatus,
  channel: TicketChannel,
  subject: TicketSubject,
  body: TicketBody,
  /** The conversation that it was opened from. */
  conversationId: z.uuid().nullable(),
  createdBy: Login,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  extra: TicketExtra.default({}),
});
export type Ticket = z.infer<typeof Ticket>;

/** Why no storage could keep this; undefined when each can. */
function troubleOf(extra: Record<string, unknown>, levels: number): string | undefined {
  const why = troubleIn(extra, levels);
  if (why !== undefined) return why;
  const bytes = new TextEncoder().encode(JSON.stringify(extra)).length;
  return bytes > MAX_EXTRA_BYTES
    ? `has ${bytes} bytes as JSON; at most ${MAX_EXTRA_BYTES}`
    : undefined;
}

function troubleIn(value: unknown, levels: number): string | undefined {
  if (typeof value === 'string') return troubleWith(value);
  if (typeof value === 'number')
    return isKeepable(value) ? undefined : 'holds a number too extreme';
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value !== 'object') return 'must be JSON';
  if (levels === 0) return `goes deeper than ${MAX_EXTRA_DEPTH} levels`;
  for (const [key, part] of Object.entries(value)) {
    if (key === '') return 'holds an empty name';
    const why = troubleWith(key) ?? troubleIn(part, levels - 1);
    if (why !== undefined) return why;
  }
  return undefined;
}

function troubleWith(text: string): string | undefined {
  const isKept = text.isWellFormed() && !text.includes('\0');
  return isKept ? undefined : 'must not hold NUL, or half a character';
}

function isKeepable(number: number): boolean {
  const size = Math.abs(number);
  return size === 0 || (size >= MIN_EXTRA_NUMBER && size <= MAX_EXTRA_NUMBER);
}
