/** What the git area does for the others: it alone owns Git. */

/** Provider token of `PipelineFiles`. */
export const PIPELINE_FILES = Symbol('PipelineFiles');

/** Where a repository keeps its pipeline. */
export const PIPELINE_FILE = '.slipway/pipeline.yaml';

export interface PipelineFile {
  /** What `ref` named, 40 digits. */
  commit: string;
  /** The branch that `ref` named; null for a tag or a bare commit. */
  branch: string | null;
  text: string;
}

export interface PipelineFiles {
  /**
   * Reads PIPELINE_FILE at a branch, tag or commit; without one at the default branch. Reads only.
   *
   * @returns undefined when there is no such ref, or no pipeline in it.
   */
  read(repository: string, ref: string | undefined): Promise<PipelineFile | undefined>;
}
