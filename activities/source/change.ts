/** What one commit changes against another, read from a bare repository. */
import { git } from './git.js';
import type { ChangeSummary } from './source.ports.js';

/** As in Evidence. */
const MAX_COMMITS = 50;
const MAX_PATHS = 100;
/** Of an author or subject, characters. */
const MAX_WORDS_CHARS = 200;
/** What git compares a first commit with. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

const LOG = ['log', '-z', '--format=%H%x00%an%x00%s', `--max-count=${MAX_COMMITS}`];
const DIFF = ['diff-tree', '-r', '-z', '--numstat', '--no-renames', '--no-ext-diff'];

/**
 * `comparedTo` null: against the first parent. A `comparedTo` that the repository no longer has (its
 * branch was rewritten) counts as empty: everything is shown as new, nothing is hidden.
 */
export async function summarise(
  bare: string,
  commit: string,
  comparedTo: string | null,
): Promise<ChangeSummary> {
  const parent = comparedTo ?? `${commit}^1`;
  const base = await git(bare, ['rev-parse', '--verify', '--quiet', `${parent}^{commit}`]).then(
    (name) => name.trim(),
    () => undefined,
  );
  const isFirst = base === undefined && comparedTo === null;
  const range = base === undefined ? commit : `${base}..${commit}`;
  const [log, numstat] = await Promise.all([
    git(bare, [...LOG, ...(isFirst ? ['--no-walk'] : []), range, '--']),
    git(bare, [...DIFF, base ?? EMPTY_TREE, commit, '--']),
  ]);
  return { commits: commitsOf(log), change: changeOf(numstat) };
}

function commitsOf(log: string): ChangeSummary['commits'] {
  const fields = log.split('\0');
  const commits: ChangeSummary['commits'] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [commit = '', author = '', subject = ''] = fields.slice(at, at + 3);
    commits.push({ commit, author: shown(author), subject: shown(subject) });
  }
  return commits;
}

/** Binary files count as files; git counts no lines in them. */
function changeOf(numstat: string): ChangeSummary['change'] {
  const change = { files: 0, insertions: 0, deletions: 0, paths: [] as string[] };
  for (const line of numstat.split('\0')) {
    const [, insertions, deletions, path] = /^(\d+|-)\t(\d+|-)\t(.+)$/s.exec(line) ?? [];
    if (path === undefined) continue;
    change.files++;
    change.insertions += Number(insertions) || 0;
    change.deletions += Number(deletions) || 0;
    if (change.paths.length < MAX_PATHS) change.paths.push(path);
  }
  return change;
}

function shown(words: string): string {
  return words.length <= MAX_WORDS_CHARS ? words : `${words.slice(0, MAX_WORDS_CHARS - 1)}…`;
}
