/** What a process needs to know, read once from the environment. Workflows get theirs as input. */
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

export const Config = z.object({
  /** Holds all state. Absolute. */
  SLIPWAY_HOME: z.string().min(1),
  /** Where REST, git and docs answer; loopback unless said otherwise. */
  SLIPWAY_HOST: z.string().default('127.0.0.1'),
  SLIPWAY_PORT: port.default(7800),
  DATABASE_URL: z.string().startsWith('postgres'),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  /** Base of the Temporal UI's links; empty when there is none. */
  TEMPORAL_UI_URL: z.string().default(''),
  /** One task queue for workflows and activities of a stack. */
  SLIPWAY_TASK_QUEUE: z.string().default('slipway'),
  /** Activities that one worker runs at once. */
  SLIPWAY_WORKER_SLOTS: z.coerce.number().int().min(1).max(1_000).default(40),
  /** Deploy target: how a stage is made to follow Git. */
  SLIPWAY_TARGET: z.enum(['process']).default('process'),
  /** File that holds the first admin's token; the API lets that token in. Empty: no such admin. */
  SLIPWAY_ADMIN_TOKEN_FILE: z.string().default(''),
  /** OSV database: a folder of OSV JSON files. Empty: the small snapshot that we ship. */
  SLIPWAY_OSV_DATA: z.string().default(''),
  /** pino level. */
  SLIPWAY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});
export type Config = z.infer<typeof Config>;

/** @throws {Error} that names every variable that is wrong, and never its value. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = Config.safeParse(env);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((i) => `  ${i.path.join('.')}: ${i.message}`);
  throw new Error(`the environment does not hold what this process needs:\n${lines.join('\n')}`);
}

/** Folders under SLIPWAY_HOME, by what lives in them. */
export function folders(home: string) {
  return {
    /** Bare repositories: NAME.git; `gitops.git` is ours. */
    git: `${home}/git`,
    /** Artifact store. */
    artifacts: `${home}/artifacts`,
    /** Workspaces of steps; emptied when a worker starts. */
    work: `${home}/work`,
    /** What the process target runs: releases, logs, state of instances. */
    stages: `${home}/stages`,
    /** Logs of our own processes. */
    logs: `${home}/logs`,
  };
}
