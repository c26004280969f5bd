/** The whole corpus; what takes longest comes first. */
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
import { MODELS } from './11-models.js';
import { CHAT } from './12-chat.js';
import { ASSISTANT } from './13-assistant.js';

export const CORPUS: readonly Hostile[] = [
  ...MODELS,
  ...CHAT,
  ...ASSISTANT,
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
