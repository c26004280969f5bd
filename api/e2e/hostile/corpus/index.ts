/** The whole corpus, in the order of its files. */
import type { Hostile } from '../entry.js';
import { WAYS_OUT } from './01-ways-out.js';
import { HOGS } from './02-hogs.js';
import { NEIGHBOURS } from './03-neighbours.js';
import { TERMINALS } from './04-terminals.js';
import { REPOSITORIES } from './05-repositories.js';
import { PUSHES } from './06-pushes.js';
import { PIPELINES } from './07-pipelines.js';
import { CACHES } from './08-caches.js';
import { LEDGER } from './09-ledger.js';
import { NAMES } from './10-names.js';

export const CORPUS: readonly Hostile[] = [
  ...LEDGER,
  ...CACHES,
  ...HOGS,
  ...WAYS_OUT,
  ...NEIGHBOURS,
  ...TERMINALS,
  ...REPOSITORIES,
  ...PUSHES,
  ...PIPELINES,
  ...NAMES,
];
