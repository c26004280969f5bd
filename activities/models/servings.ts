/** What the record says is served, with the files that engines load. */
import type { ModelsStore, ServingRow } from '../store/store.ports.js';

export interface ServedFile {
  name: string;
  slot: 'champion' | 'challenger';
  /** Of the base GGUF, and where it lies. */
  digest: string;
  path: string;
  adapterDigest: string | null;
  adapterPath?: string;
  /** Percent of the name's requests that the challenger gets; 0 for a champion. */
  share: number;
  isToy: boolean;
}

/** Clients that name no model get this name, where it is served. */
const DEFAULT_NAME = 'default';

/**
 * The default first, the others by name. A file that is not here is named all the same: who loads it
 * says so, and the other names are served.
 */
export async function servedFiles(
  models: Pick<ModelsStore, 'servings'>,
  placeOf: (digest: string) => string,
): Promise<ServedFile[]> {
  const rows = await models.servings();
  return rows.toSorted((a, b) => rank(a) - rank(b)).map((row) => fileOf(row, placeOf));
}

function fileOf(row: ServingRow, placeOf: (digest: string) => string): ServedFile {
  const { name, slot, digest, adapterDigest, share } = row;
  return {
    ...{ name, slot, digest, adapterDigest, isToy: false },
    path: placeOf(digest),
    ...(adapterDigest === null ? {} : { adapterPath: placeOf(adapterDigest) }),
    share: slot === 'champion' ? 0 : share,
  };
}

function rank({ name }: ServingRow): number {
  return name === DEFAULT_NAME ? 0 : 1;
}
