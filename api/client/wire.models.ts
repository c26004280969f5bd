/** Models over REST: files, pulls of files, and what is served under which name. */
import { z } from 'zod';
import { ModelName } from '../../workflows/domain/chat.js';
import { Digest, plainText } from '../../workflows/domain/names.js';

const time = z.iso.datetime();
const Sha256 = z
  .string()
  .toLowerCase()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
/** 1 TiB. */
const MAX_MODEL_BYTES = 1_099_511_627_776;

/** Names that are addresses of their own below `/api/v1/models`. */
const RESERVED = ['pulls', 'uploads', 'servings'];
/** A name that a model may be given. */
export const NewModelName = ModelName.refine(
  (name) => !RESERVED.includes(name),
  `must not be one of ${RESERVED.join(', ')}`,
);

/** A model file in the artifact store. */
export const Model = z.object({
  name: z.string(),
  digest: z.string(),
  bytes: z.number(),
  /** Path, URL without its query, or `hf:owner/name:file`. */
  source: z.string(),
  kind: z.enum(['base', 'adapter']),
  architecture: z.string(),
  /** Tokens that it was made for; null for an adapter. */
  contextTokens: z.number().nullable(),
  /** Weights. */
  parameters: z.number(),
  quantisation: z.string(),
  hasChatTemplate: z.boolean(),
  /** Names under which it is served now. */
  servedAs: z.array(z.string()),
  createdBy: z.string(),
  createdAt: time,
});
export type Model = z.infer<typeof Model>;

export const PullState = z.enum(['waiting', 'fetching', 'checking', 'done', 'failed', 'stopped']);

/** A model file on its way into the artifact store. */
export const Pull = z.object({
  id: z.string(),
  /** Of the model that it will be. */
  name: z.string(),
  source: z.string(),
  state: PullState,
  /** That are here. */
  bytes: z.number(),
  totalBytes: z.number().nullable(),
  digest: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string(), help: z.string() }).nullable(),
  by: z.string(),
  startedAt: time,
});
export type Pull = z.infer<typeof Pull>;

export const StartPull = z.strictObject({
  /** `https://…`, `http://…` or `hf:owner/name:file.gguf`. */
  source: plainText(4_000).min(1),
  /** Default: from the file's name. */
  name: NewModelName.optional(),
  /** Anything else that comes is refused. */
  sha256: Sha256.optional(),
  /** The name may be another model's: whatever serves that name then serves this one. */
  replace: z.boolean().optional(),
});
export type StartPull = z.infer<typeof StartPull>;

export const StartUpload = z.strictObject({
  /** Default: from the file's name. */
  name: NewModelName.optional(),
  /** The file's name, for the record. */
  file: plainText(255).min(1),
  sha256: Sha256,
  bytes: z.int().min(1).max(MAX_MODEL_BYTES),
  replace: z.boolean().optional(),
});
export type StartUpload = z.infer<typeof StartUpload>;

export const Slot = z.enum(['champion', 'challenger']);
export type Slot = z.infer<typeof Slot>;

export const Serve = z.strictObject({
  /** By which clients ask for it. */
  name: ModelName,
  model: ModelName,
  /** A LoRA adapter for it. */
  adapter: ModelName.optional(),
  slot: Slot.default('champion'),
  /** Percent of the requests of this name that go to the challenger. */
  share: z.int().min(0).max(100).default(0),
});
export type Serve = z.infer<typeof Serve>;

/** What is to be served under a name, and how far the engines of this replica are. */
export const Serving = z.object({
  name: z.string(),
  slot: Slot,
  model: z.string(),
  digest: Digest,
  adapter: z.string().nullable(),
  adapterDigest: z.string().nullable(),
  share: z.number(),
  version: z.number(),
  /** Of this replica. `absent`: it has not heard of it yet. */
  state: z.enum(['loading', 'ready', 'failed', 'absent']),
  reason: z.string().nullable(),
});
export type Serving = z.infer<typeof Serving>;

/** By whom answers are made now. */
export const ServedModel = z.object({
  name: z.string(),
  /** Of the base; `remote:…` names a provider's model. */
  digest: z.string(),
  adapter: z.string().nullable(),
  contextTokens: z.number(),
  isToy: z.boolean(),
  /** `in-process`, or the provider's address. */
  provider: z.string(),
  state: z.enum(['loading', 'ready', 'failed']),
  reason: z.string().nullable(),
});

export const Engine = z.object({
  /** The first name that it serves. */
  model: z.string(),
  /** All that it makes answers for. */
  serves: z.array(
    z.object({
      model: z.string(),
      slot: Slot,
      digest: z.string(),
      adapter: z.string().nullable(),
    }),
  ),
  state: z.enum(['absent', 'starting', 'ready', 'restarting', 'failed']),
  /** What it really computes on. */
  device: z.string(),
  isFallback: z.boolean(),
  restarts: z.number(),
  memoryBytes: z.number().nullable(),
  gpuMemoryBytes: z.number().nullable(),
  heartbeatMs: z.number().nullable(),
  reason: z.string().nullable(),
});

export const Servings = z.object({
  items: z.array(Serving),
  next: z.null(),
  served: z.array(ServedModel),
  engines: z.array(Engine),
});
export type Servings = z.infer<typeof Servings>;
