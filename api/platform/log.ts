/** What the API needs of a logger: pino's shape. */

/** Provider token of `Log`. */
export const LOG = Symbol('Log');

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
