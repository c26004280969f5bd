/** Records and waiting for tests of pulls. */

import type { Pull } from '../../workflows/domain/pull.js';
import type { Log } from '../platform/logging.js';
import type { ModelRow, ModelsStore } from '../store/store.ports.js';
import type { Library } from './library.js';

/** Models in memory; each of the first calls throws what the test wants. */
export class FakeModelRows implements Pick<ModelsStore, 'put' | 'get'> {
  readonly rows = new Map<string, ModelRow>();
  troubles: Error[] = [];

  async put(model: Omit<ModelRow, 'createdAt'>): Promise<ModelRow> {
    const trouble = this.troubles.shift();
    if (trouble) throw trouble;
    const row = { ...model, createdAt: new Date() };
    this.rows.set(model.name, row);
    return row;
  }

  async get(name: string): Promise<ModelRow | undefined> {
    const trouble = this.troubles.shift();
    if (trouble) throw trouble;
    return this.rows.get(name);
  }
}

const silent = () => {};
export const quiet = { info: silent, warn: silent, error: silent } as unknown as Log;

/** What became of a pull, when nothing happens to it any more. */
export async function settled(library: Library, id: string): Promise<Pull> {
  for (;;) {
    const pull = await library.find(id);
    if (pull === undefined) throw new Error(`pull ${id} is gone`);
    if (!['fetching', 'checking'].includes(pull.state)) return pull;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
