/** The library of this process, by configuration. */
import { join } from 'node:path';
import { FilesArtifactStore } from '../artifacts/files.adapter.js';
import { type Config, folders } from '../platform/config.js';
import type { Log } from '../platform/logging.js';
import type { ModelsStore } from '../store/store.ports.js';
import { Library } from './library.js';
import { type ServedFile, servedFiles } from './servings.js';

export interface LibraryOfProcess {
  library: Library;
  /** What the record says is served, the default first. */
  servings: () => Promise<ServedFile[]>;
}

export function libraryParts(config: Config, models: ModelsStore, log: Log): LibraryOfProcess {
  const artifacts = new FilesArtifactStore(folders(config.SLIPWAY_HOME).artifacts);
  const folder = join(config.SLIPWAY_HOME, 'models', 'partial');
  const hub = { url: config.SLIPWAY_HF_URL, tokenFile: config.SLIPWAY_HF_TOKEN_FILE };
  return {
    library: new Library({ artifacts, models, log, folder, hub }),
    servings: () => servedFiles(models, (digest) => artifacts.place(digest)),
  };
}
