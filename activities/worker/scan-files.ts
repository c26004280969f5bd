/** The files that a scan looks at, laid out in a workspace: where commits and artifacts meet. */
import { mkdir } from 'node:fs/promises';
import { extractArchive } from '../artifacts/archive.js';
import type { ArtifactStore } from '../artifacts/artifacts.ports.js';
import type { Checkouts } from '../build/build.ports.js';
import type { Workspaces } from '../build/workspace.js';
import type { Files } from '../scan/scan.ports.js';

export interface ScanFileParts {
  source: Checkouts;
  artifacts: ArtifactStore;
  workspaces: Workspaces;
}

export function createScanFiles({ source, artifacts, workspaces }: ScanFileParts): Files {
  return {
    unpack: async (context, subject) => {
      const workspace = await workspaces.create();
      const remove = async (): Promise<void> => workspaces.remove(workspace);
      try {
        const { repository, commit } = context.run;
        if (subject.of === 'artifact') await mkdir(workspace.tree);
        else await source.checkout({ repository, commit, folder: workspace.tree });
        for (const { digest } of archivesOf(subject, context.artifacts)) {
          await extractArchive(await artifacts.path(digest), workspace.tree);
        }
        return { folder: workspace.tree, remove };
      } catch (error) {
        await remove();
        throw error;
      }
    },
  };
}

type Unpack = Parameters<Files['unpack']>;

function archivesOf(subject: Unpack[1], artifacts: Unpack[0]['artifacts']) {
  if (subject.of === 'artifact') return [subject.artifact];
  return subject.of === 'workspace' ? artifacts : [];
}
