/** A small folder with all of its contents, in memory. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Above either of these a tree is too large for memory. */
const MAX_FILES_IN_MEMORY = 256;
const MAX_BYTES_IN_MEMORY = 2_097_152;

/** Paths are relative to the root; the root itself is the empty path, and the first folder. */
export interface Tree {
  folders: string[];
  files: { path: string; mode: number; content: Buffer }[];
  links: { path: string; target: string }[];
}

/** Undefined when the folder is too large for memory. */
export async function treeOf(root: string): Promise<Tree | undefined> {
  const tree: Tree = { folders: [''], files: [], links: [] };
  let bytes = 0;
  for (const folder of tree.folders) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        tree.folders.push(path);
      } else if (entry.isSymbolicLink()) {
        tree.links.push({ path, target: await readlink(join(root, path)) });
      } else {
        const { mode, size } = await stat(join(root, path));
        bytes += size;
        if (bytes > MAX_BYTES_IN_MEMORY || tree.files.length === MAX_FILES_IN_MEMORY) return;
        tree.files.push({ path, mode: mode & 0o777, content: await readFile(join(root, path)) });
      }
    }
    if (tree.folders.length > MAX_FILES_IN_MEMORY) return;
  }
  return tree;
}
