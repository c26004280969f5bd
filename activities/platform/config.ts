/** What a process needs to know, read once from the environment. Workflows get theirs as input. */
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const limit = z.coerce.number().int().min(1);

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
  /** Temporal gives tasks to the version of the workers that the operator made current; see OPERATIONS. */
  SLIPWAY_WORKER_VERSIONS: z.enum(['off', 'on']).default('off'),
  /** Deploy target: how a stage is made to follow Git. */
  SLIPWAY_TARGET: z.enum(['process']).default('process'),
  /** File that holds the first admin's token; the API lets that token in. Empty: no such admin. */
  SLIPWAY_ADMIN_TOKEN_FILE: z.string().default(''),
  /** File with the token that instances on stages find: it may ask models, and nothing else. Empty: none. */
  SLIPWAY_STAGE_TOKEN_FILE: z.string().default(''),
  /** Where instances find chat: `http://127.0.0.1:7800/v1`. Empty: nowhere. */
  SLIPWAY_STAGE_CHAT_URL: z.string().default(''),
  /** OSV database: a folder of OSV JSON files. Empty: the small snapshot that we ship. */
  SLIPWAY_OSV_DATA: z.string().default(''),
  /** Where checks may go beside their stage and public addresses: `host`, `host:port`, `10.0.0.0/8`. */
  SLIPWAY_CHECK_HOSTS: z.string().default(''),
  /** Proxies in front of the API whose X-Forwarded-For is believed: addresses or subnets. */
  SLIPWAY_PROXIES: z.string().default(''),
  /** Who keeps the secrets of steps: our own store, or one of three services; docs/guides/secrets.md. */
  SLIPWAY_SECRETS: z.enum(['store', 'vault', 'azure', 'kubernetes']).default('store'),
  /** Folder of the master keys of our own store. Empty: `keys` in SLIPWAY_HOME. */
  SLIPWAY_KEYS: z.string().default(''),
  /** Of Vault, Azure Key Vault or the Kubernetes API server (default: that of the cluster). */
  SLIPWAY_SECRETS_URL: z.string().default(''),
  /** Vault: mount and prefix, `secret/slipway`. Azure: prefix, `slipway`. Kubernetes: namespace. */
  SLIPWAY_SECRETS_PATH: z.string().default(''),
  /** Vault: file with its token, read for each step. */
  SLIPWAY_SECRETS_TOKEN_FILE: z.string().default(''),
  /** Vault: certificates to trust, PEM. Empty: the system's. */
  SLIPWAY_SECRETS_CA_FILE: z.string().default(''),
  /** Azure: the managed identity's endpoint. Empty: that of virtual machines. */
  SLIPWAY_SECRETS_IDENTITY_URL: z.string().default(''),
  /** Kubernetes: folder of the service account. Empty: where pods find it. */
  SLIPWAY_SECRETS_ACCOUNT: z.string().default(''),
  /** How the commands of steps are run. Empty: `sandbox` where it works, else `plain`. */
  SLIPWAY_EXECUTOR: z.enum(['', 'sandbox', 'plain']).default(''),
  /** Folders and files that steps in the sandbox may read beside the system's, like PATH. */
  SLIPWAY_STEP_READABLE: z.string().default(''),
  /** What one step may use in the sandbox; a step that wants more is ended, and fails. */
  SLIPWAY_STEP_MEMORY_MIB: limit.max(16_777_216).default(4_096),
  /** Of all its processes together. */
  SLIPWAY_STEP_CPU_SECONDS: limit.max(31_536_000).default(14_400),
  /** At once, their threads included. */
  SLIPWAY_STEP_PROCESSES: limit.max(1_000_000).default(1_024),
  /** Of one process; ours takes descriptors up to 199. */
  SLIPWAY_STEP_OPEN_FILES: limit.min(256).max(1_000_000).default(4_096),
  /** What its workspace holds; a file counts as 4 KiB at least. */
  SLIPWAY_STEP_DISK_MIB: limit.max(16_777_216).default(10_240),
  /** What it prints, in either executor; the log keeps less. */
  SLIPWAY_STEP_OUTPUT_MIB: limit.max(1_048_576).default(1_024),
  /** What this API does: `delivery`, `chat`, or both; machines with a GPU may run only `chat`. */
  SLIPWAY_ROLES: z.enum(['delivery,chat', 'delivery', 'chat']).default('delivery,chat'),
  /** What engines compute on. Anything but `cpu` must really be there: nothing falls back silently. */
  SLIPWAY_GPU: z.enum(['cpu', 'cuda', 'vulkan', 'metal']).default('cpu'),
  /** Answers that one engine makes at once. */
  SLIPWAY_CHAT_SLOTS: limit.max(256).default(4),
  /** Tokens of one answer and its prompt; never more than the model was made for. */
  SLIPWAY_CHAT_CONTEXT: limit.max(1_048_576).default(4_096),
  /** Prompt tokens that are read in one go: other streams wait that long, and so does a cancel. */
  SLIPWAY_CHAT_CHUNK: limit.max(8_192).default(128),
  /** Of an engine on the CPU. More than there are free cores makes it many times slower. */
  SLIPWAY_CHAT_THREADS: limit.max(1_024).default(1),
  /** Anonymous memory and swap of one engine; above it, it is replaced. */
  SLIPWAY_ENGINE_MEMORY_MIB: limit.max(16_777_216).default(16_384),
  /** Requests that wait for an answer to begin, of one process. */
  SLIPWAY_CHAT_QUEUE: limit.max(100_000).default(64),
  /** What one user may ask in a minute, of all replicas together: requests, and tokens. */
  SLIPWAY_CHAT_REQUESTS_PER_MINUTE: limit.max(10_000_000).default(600),
  SLIPWAY_CHAT_TOKENS_PER_MINUTE: limit.max(1_000_000_000).default(200_000),
  /** Another server that speaks OpenAI's API, instead of engines: `http://127.0.0.1:11434/v1`. */
  SLIPWAY_CHAT_URL: z.string().default(''),
  /** File with its key, read for each request. */
  SLIPWAY_CHAT_KEY_FILE: z.string().default(''),
  /** Azure OpenAI: its `api-version`; the key then goes by `api-key`. */
  SLIPWAY_CHAT_API_VERSION: z.string().default(''),
  /** Its models that we serve, separated by commas; the first is the default. Empty: all. */
  SLIPWAY_CHAT_MODELS: z.string().default(''),
  /** What `hf:` means in the source of a model: the hub, or a server like it. */
  SLIPWAY_HF_URL: z.url({ protocol: /^https?$/ }).default('https://huggingface.co'),
  /** File with a token of the hub, for models that it gives only to whom it knows. */
  SLIPWAY_HF_TOKEN_FILE: z.string().default(''),
  /** NewsAPI, or a server like it. */
  SLIPWAY_NEWS_URL: z.string().default('https://newsapi.org/v2'),
  /** File with its key. Empty: answers come without news. */
  SLIPWAY_NEWS_KEY_FILE: z.string().default(''),
  /** Redis or Valkey as second level of the caches. Empty: memory only. */
  SLIPWAY_REDIS_URL: z.string().default(''),
  /** Where tickets are kept. */
  SLIPWAY_TICKETS: z.enum(['store', 'dynamodb']).default('store'),
  SLIPWAY_DYNAMODB_TABLE: z.string().default('slipway-tickets'),
  /** Empty: AWS's own. Region and credentials come from the environment, as AWS's tools take them. */
  SLIPWAY_DYNAMODB_URL: z.string().default(''),
  /** How long conversations of each class are kept after their last change, days; tickets as `year`. */
  SLIPWAY_RETENTION_DAYS: limit.max(36_500).default(90),
  SLIPWAY_RETENTION_YEAR_DAYS: limit.max(36_500).default(365),
  SLIPWAY_RETENTION_LEGAL_DAYS: limit.max(36_500).default(2_557),
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
