/** Which refs may be pushed: names that everybody can read, and that mean one thing to every tool. Pure. */
import type { RefUpdate } from './hook.channel.js';

/** Of a name without `refs/heads/` and the like, characters; a run's record keeps as many. */
const MAX_NAME_CHARS = 255;
const NOTHING = /^0+$/;
/** What steers a terminal or turns the direction of text, halves of characters, and what is no UTF-8. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;
const COMMIT_LIKE = /^([0-9a-f]{40}|[0-9a-f]{64})$/i;

/**
 * Why a ref may not be pushed; undefined when it may. Deleting is always allowed: it mends.
 *
 * Only branches, tags and notes: `refs/replace` would make Git read other objects than a commit names,
 * and everything else is ours, or nobody's.
 */
export function objectionTo({ ref, newCommit }: RefUpdate): string | undefined {
  if (NOTHING.test(newCommit)) return undefined;
  const [, kind, name = ''] = /^refs\/(heads|tags|notes)\/(.+)$/s.exec(ref) ?? [];
  const shown = JSON.stringify(ref.slice(0, MAX_NAME_CHARS));
  if (kind === undefined) return `${shown} is no branch, tag or note; nothing else is kept here`;
  if (name.length > MAX_NAME_CHARS) {
    return `the name ${shown}… has ${name.length} characters; the limit is ${MAX_NAME_CHARS}`;
  }
  if (UNSEEN.test(name)) return `the name ${shown} holds characters that cannot be seen; rename it`;
  if (name.split('/').some((part) => part.startsWith('-'))) {
    return `the name ${shown} would be taken for an option, because of its "-"; rename it`;
  }
  if (COMMIT_LIKE.test(name)) return `the name ${shown} would be taken for a commit; rename it`;
  return undefined;
}
