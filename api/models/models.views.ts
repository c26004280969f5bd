/** Rows and states of models as they travel. */
import { z } from 'zod';
import type { ModelRow, ServingRow } from '../../activities/store/store.ports.js';
import type { ServedModel } from '../../workflows/domain/chat.js';
import type { EngineState } from '../chat/model.ports.js';
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
  /** Versions up to this one were looked at. */
  lookedAt: number;
}

export function viewServing(row: ServingRow, { served, lookedAt }: Followed): wire.Serving {
  const ofName = served.find(({ name }) => name === row.name);
  const isChampion =
    ofName?.digest === row.digest &&
    ofName.adapter === row.adapterDigest &&
    row.slot === 'champion';
  const reason = ofName?.reason ?? null;
  const hasFailed = reason !== null && row.version <= lookedAt;
  if (isChampion) return { ...row, state: hasFailed ? 'failed' : ofName.state, reason };
  if (hasFailed) return { ...row, state: 'failed', reason };
  const isServed = row.slot === 'challenger' && row.version <= lookedAt && ofName !== undefined;
  return { ...row, state: isServed ? 'ready' : 'absent', reason: null };
}

export function viewServed({ reason, ...served }: ServedModel): wire.Servings['served'][number] {
  return { ...served, reason: reason ?? null };
}

export function viewEngine(engine: EngineState): wire.Servings['engines'][number] {
  const { memoryBytes = null, gpuMemoryBytes = null, heartbeatMs = null, reason = null } = engine;
  return { ...engine, memoryBytes, gpuMemoryBytes, heartbeatMs, reason };
}
