/** What the page knows and how events change it. Pure: no page, no clock, no connection. */

/** Messages that the page keeps. */
export const MAX_SHOWN = 500;

export const EMPTY = { status: 'connecting', you: undefined, users: [], messages: [], error: '' };

/** The state after an event of the server, or of the connection itself. Unknown events change nothing. */
export function after(state, event) {
  switch (event?.type) {
    case 'connecting':
    case 'offline':
      return { ...state, status: event.type };
    case 'welcome':
      return {
        ...state,
        status: 'online',
        error: '',
        you: event.you,
        users: event.users ?? [],
        messages: (event.messages ?? []).slice(-MAX_SHOWN),
      };
    case 'users':
      return { ...state, users: event.users ?? [] };
    case 'message':
      return { ...state, messages: withMessage(state.messages, event.message) };
    case 'error':
      return { ...state, error: event.text ?? 'Something went wrong.' };
    default:
      return state;
  }
}

function withMessage(messages, message) {
  if (!message || messages.some(({ id }) => id === message.id)) return messages;
  return [...messages, message].slice(-MAX_SHOWN);
}

/** How long to wait before try number `attempt` (1, 2, 3 …) to connect again. Milliseconds. */
export function retryDelay(attempt, random = Math.random()) {
  const longest = Math.min(15_000, 500 * 2 ** (attempt - 1));
  return Math.round(longest * (0.5 + random / 2));
}

/** Where the WebSocket is, given where the page is. */
export function socketUrl({ protocol, host }) {
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/ws`;
}

/** Two letters for the round picture of a name. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [name.trim()];
  const taken = letters.map((word) => Array.from(word).slice(0, words.length > 1 ? 1 : 2).join(''));
  return taken.join('').toUpperCase();
}

/** One of eight colours: the same name always has the same. */
export function hueOf(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return sum % 8;
}

/** The time of day of a message, as the reader writes it. */
export function timeOf(iso, locale, timeZone) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  return at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', timeZone });
}

/** A message right after another of the same person, within five minutes, needs no name. */
export function followsOn(message, before) {
  if (!before || before.from !== message.from) return false;
  return Date.parse(message.at) - Date.parse(before.at) < 300_000;
}

/** `v1.0.0 · 4f2c1aa · staging`. */
export function releaseText({ version, commit, stage }) {
  return [version && `v${version}`, commit?.slice(0, 7), stage].filter(Boolean).join(' · ');
}

/** Words of the connection indicator. */
export function statusText({ status, you }) {
  if (status === 'online') return you ? `Connected as ${you}` : 'Connected';
  return status === 'offline' ? 'Disconnected, trying again' : 'Connecting';
}
