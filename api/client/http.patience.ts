/**
 * Node's `fetch` gives up after five minutes without an answer, whatever its signal says, and takes no
 * other limit but from its dispatcher. Browsers have no such limit, and pass over what they do not know.
 */

/** What undici, Node's own, is asked through; https://undici.nodejs.org says where to find it. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

interface Dispatcher {
  dispatch(options: object, handler: unknown): boolean;
}

/** More options for `fetch`: an answer may be so late. Milliseconds. */
export function patient(limitMs: number): RequestInit {
  void new Headers(); // Loads undici, where Node has not yet.
  const own = (globalThis as { [DISPATCHER]?: Dispatcher })[DISPATCHER];
  if (own === undefined) return {};
  const dispatcher: Dispatcher = {
    dispatch: (options, handler) => own.dispatch({ ...options, headersTimeout: limitMs }, handler),
  };
  return { dispatcher } as RequestInit;
}
