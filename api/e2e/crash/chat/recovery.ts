/** How it is seen that answers go on after a kill: by the letters in the record. */
import { enginesOf } from '../../harness/chat.js';
import { eventually } from '../../harness/eventually.js';
import type { World } from '../world.js';

/** Answers in the making, and their letters so far; taken right after a kill. */
export interface AnswersPulse {
  live: string[];
  chars: number;
}

export async function answersOf({ record }: World): Promise<AnswersPulse> {
  const rows = await record.rows<{ id: string; chars: number }>(
    `SELECT id, chars FROM turns WHERE status IN ('queued', 'answering')`,
  );
  return {
    live: rows.map(({ id }) => id),
    chars: rows.reduce((sum, { chars }) => sum + chars, 0),
  };
}

/** There are new letters, or all of them have ended. */
export async function answersGoOn(
  { record }: World,
  { live, chars }: AnswersPulse,
  limitMs: number,
): Promise<void> {
  await eventually(
    'an answer goes on',
    async () => {
      const [now] = await record.rows<{ chars: number; open: number }>(
        `SELECT coalesce(sum(chars), 0)::bigint AS chars,
                count(*) FILTER (WHERE status IN ('queued', 'answering')) AS open
           FROM turns WHERE id = ANY($1)`,
        [live],
      );
      return now !== undefined && (now.chars > chars || now.open === 0);
    },
    limitMs,
  );
}

/**
 * Another engine speaks. What the dead one had said may still be on its way into the record when this
 * begins: it is there before another one is.
 */
export async function speaksAgain(world: World, dead: number, limitMs: number): Promise<void> {
  const isOther = async () => (await enginesOf(world.stack)).some((pid) => pid !== dead);
  await eventually('there is another engine', isOther, limitMs);
  await answersGoOn(world, await answersOf(world), limitMs);
}
