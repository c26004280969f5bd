/** Provider tokens of what every area of the API is given; `workflows.ports.ts` has its own. */

/** `Store` of activities/store. */
export const STORE = Symbol('Store');
/** `Config` of activities/platform. */
export const CONFIG = Symbol('Config');
/** `Replica` of activities/store; only where the role is `chat`. */
export const REPLICA = Symbol('Replica');
