/** A person's tickets where they are kept outside of our own store. */
import { translated } from '../tickets/tickets.errors.js';
import type { TicketStorage } from '../tickets/tickets.ports.js';

/** Walks over all tickets of a person: an index may follow a write late, and people may go on writing. */
const MAX_WALKS = 10;
/** Tickets that are changed, or looked at, at once. */
const AT_ONCE = 8;

/**
 * Takes the words of all of them away, and looks at each of them again.
 *
 * @returns counts of `ticket`; none for our own store, whose own erasure reaches them.
 */
export async function blankAll(
  tickets: TicketStorage,
  login: string,
): Promise<{ erased: Record<string, number>; left: Record<string, number> }> {
  if (tickets.kind === 'store') return { erased: {}, left: {} };
  return translated(async () => {
    const seen = new Set<string>();
    for (let walks = 0; walks < MAX_WALKS; walks++) {
      const before = seen.size;
      for await (const ids of pagesOf(tickets, login)) {
        const fresh = ids.filter((id) => !seen.has(id));
        for (const id of fresh) seen.add(id);
        await inGroups(fresh, (id) => tickets.blank(id));
      }
      if (seen.size === before) break;
    }
    const looks = await inGroups([...seen], async (id) => {
      const found = await tickets.get(id);
      return (
        found !== undefined && (found.createdBy === login || found.body + found.subject !== '')
      );
    });
    return { erased: { ticket: seen.size }, left: { ticket: looks.filter(Boolean).length } };
  });
}

async function* pagesOf(tickets: TicketStorage, login: string): AsyncGenerator<string[]> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Awaited<ReturnType<TicketStorage['ofUser']>> = await tickets.ofUser(login, cursor);
    yield page.items.map(({ id }) => id);
    cursor = page.next;
  }
}

async function inGroups<T>(ids: string[], work: (id: string) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    done.push(...(await Promise.all(ids.slice(at, at + AT_ONCE).map(work))));
  }
  return done;
}
