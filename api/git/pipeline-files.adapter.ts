/** `PipelineFiles` by the bare repositories themselves. */
import type { PipelineFiles } from '../runs/repositories.ports.js';
import type { BareRepositories } from './bare.repositories.js';

export function createPipelineFiles(repositories: BareRepositories): PipelineFiles {
  return {
    read: async (repository, ref) => {
      const found = await repositories.resolve(repository, ref);
      const file = found && (await repositories.pipelineAt(repository, found.commit));
      return file && { ...found, text: file.text };
    },
  };
}
