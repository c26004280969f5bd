/** What an engine is given to serve. */

/** What is to be served in one slot of a name. */
export interface Serving {
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
