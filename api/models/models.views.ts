/** Rows and states of models as they travel. */
import { z } from 'zod';
import type { ModelRow, ServingRow } from '../../activities/store/store.ports.js';
import type { ServedModel } from '../../workflows/domain/chat.js';
import type { EngineState, Served } from '../chat/model.ports.js';
import type * as wire from '../client/wire.models.js';
import type { Pull } from './library.ports.js';

/** What a row says of its file; a row of another version may say less. */
export const Metadata = z.object({
  architecture: z.string().catch('unknown'),
  contextTokens: z.number().nullable().catch(null),
  parameters: z.number().catch(0),
  quantisation: z.string().catch('unknown'),
  hasChatTemplate: z.boolean().catch(false),
});

export function viewModel(row: ModelRow, servings: readonly ServingRow[]): wire.Model {
  const { name, digest, bytes, source, kind, createdBy } = row;
  const using = servings.filter((one) => one.model === name || one.adapter === name);
  return {
    ...{ name, digest, bytes, source, kind },
    ...Metadata.parse(row.metadata),
    servedAs: [...new Set(using.map((one) => one.name))],
    createdBy,
    createdAt: row.createdAt.toISOString(),
  };
}

export function viewPull({ startedAt, ...pull }: Pull): wire.Pull {
  const { id, name, source, state, bytes, totalBytes, digest, failure, by } = pull;
  const rest = { digest, failure, by, startedAt: startedAt.toISOString() };
  return { id, name, source, state, bytes, totalBytes, ...rest };
}

/** How far the engines of this replica are. */
export interface Followed {
  served: readonly ServedModel[];
  engines: readonly EngineState[];
  /** Versions up to this one were looked at. */
  lookedAt: number;
}

/** A toy's engine is started by its first request, and as good as ready. */
const STATES = {
  ready: 'ready',
  absent: 'ready',
  starting: 'loading',
  restarting: 'loading',
  failed: 'failed',
} as const;

/** As its engine is; without one, what kept it from being served. */
export function viewServing(
  row: ServingRow,
  { served, engines, lookedAt }: Followed,
): wire.Serving {
  const engine = engines.find(({ serves }) => serves.some((one) => isOf(one, row)));
  if (engine) {
    const state = STATES[engine.state];
    return { ...row, state, reason: state === 'ready' ? null : (engine.reason ?? null) };
  }
  const why = served.find(({ name }) => name === row.name)?.reason;
  return why === undefined || row.version > lookedAt
    ? { ...row, state: 'absent', reason: null }
    : { ...row, state: 'failed', reason: why };
}

function isOf({ model, slot, digest, adapter }: Served, row: ServingRow): boolean {
  return (
    model === row.name &&
    slot === row.slot &&
    digest === row.digest &&
    adapter === row.adapterDigest
  );
}

export function viewServed({ reason, ...served }: ServedModel): wire.Servings['served'][number] {
  return { ...served, reason: reason ?? null };
}

export function viewEngine(engine: EngineState): wire.Servings['engines'][number] {
  const { breaker: _, serves, ...rest } = engine;
  const { memoryBytes = null, gpuMemoryBytes = null, heartbeatMs = null, reason = null } = engine;
  return { ...rest, serves: [...serves], memoryBytes, gpuMemoryBytes, heartbeatMs, reason };
}
