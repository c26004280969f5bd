/** Whose everything is that was an erased person's, and had to stay because others' words refer to it. */

/** Nobody can have this login: see users.store. */
export const ERASED = 'erased-user';
