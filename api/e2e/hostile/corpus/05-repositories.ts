/** Repositories whose contents would make git, or what calls it, do more than check them out. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clone } from '../../harness/clone.js';
import { type Hostile, must, pipeline, run } from '../entry.js';
import { commitOf, fed } from '../objects.js';

/** A tree that an honest git would not write; the push of it must be refused with these words. */
function refusedTree(tries: string, tree: (clone: Clone) => Promise<string>, why: RegExp): Hostile {
  return {
    tries,
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository({ a: 'a' });
      const commit = await commitOf(clone, await tree(clone));
      const { code, stderr } = await clone.push(`${commit}:refs/heads/evil`);
      must(code !== 0 && why.test(stderr), `the push was not refused with ${why}:\n${stderr}`);
    },
  };
}

/** Every repository has it. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const blob = async (clone: Clone, text: string) => fed(clone, 'hash-object -w --stdin', text);
const tree = async (clone: Clone, ...entries: string[]) =>
  fed(clone, 'mktree --missing', `${entries.join('\n')}\n`);

/** Folders in folders, each ten times the same one: ten thousand million files in eleven objects. */
async function bomb(clone: Clone): Promise<string> {
  const names = Array.from({ length: 10 }, (_, i) => i);
  const file = await blob(clone, 'x');
  let below = await tree(clone, ...names.map((i) => `100644 blob ${file}\tf${i}`));
  for (let depth = 0; depth < 9; depth++) {
    const inner = below;
    below = await tree(clone, ...names.map((i) => `040000 tree ${inner}\td${i}`));
  }
  return below;
}

export const REPOSITORIES: Hostile[] = [
  run({
    tries:
      'filters, hooks and settings of a repository: nothing of it runs, and the files are as pushed',
    files: {
      '.gitattributes':
        '* filter=evil diff=evil merge=evil\n*.txt export-subst ident text eol=crlf\n*.bin filter=lfs\n',
      '.gitconfig': '[core]\n\tfsmonitor = ./evil\n',
      '.lfsconfig': '[lfs]\n\turl = file:///etc\n',
      'big.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 9999999999\n`,
      hooks: '#!/bin/sh\n',
    },
    prepare: async ({ folder }) => {
      await mkdir(join(folder, 'githooks'));
      await writeFile(join(folder, 'githooks/post-checkout'), '#!/bin/sh\ntouch pwned\n');
      await chmod(join(folder, 'githooks/post-checkout'), 0o755);
    },
    steps: { look: { run: ['test ! -e pwned', 'grep -q "^oid sha256:aaaa" big.bin'] } },
    ends: { status: 'succeeded' },
  }),
  run({
    tries: 'submodules at paths and addresses of this machine are not fetched',
    files: {
      '.gitmodules':
        '[submodule "m"]\n\tpath = m\n\turl = file:///etc\n\tupdate = checkout\n[submodule "n"]\n\tpath = n\n\turl = ../gitops.git\n',
    },
    prepare: async (clone) => {
      const commit = (await clone.git('rev-parse', 'HEAD')).stdout.trim();
      for (const name of ['m', 'n']) {
        await clone.git('update-index', '--add', '--cacheinfo', `160000,${commit},${name}`);
        await mkdir(join(clone.folder, name));
      }
    },
    steps: { look: { run: 'test -z "$(ls -A m n | grep -v :)"' } },
    ends: { status: 'succeeded' },
  }),
  run({
    tries:
      'links to everywhere in a checkout, also around the pipeline, are links and nothing more',
    prepare: async ({ folder }) => {
      await symlink('/etc/passwd', join(folder, 'a'));
      await symlink('loop', join(folder, 'loop'));
      await symlink('../../../../../../..', join(folder, 'up'));
      await symlink('/dev/zero', join(folder, 'package-lock.json'));
    },
    steps: { scan: { scan: {} }, look: { run: 'test -L a && test -L loop && test -L up' } },
    ends: { status: 'succeeded' },
  }),
  {
    tries: 'a path longer than any file system takes',
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository({ a: 'a' });
      let below = await tree(clone, `100644 blob ${await blob(clone, 'x')}\tf`);
      for (let depth = 0; depth < 30; depth++) {
        below = await tree(clone, `040000 tree ${below}\t${'d'.repeat(200)}`);
      }
      const text = pipeline({ look: { run: 'true', retry: { attempts: 1 } } });
      const folder = await tree(clone, `100644 blob ${await blob(clone, text)}\tpipeline.yaml`);
      const entries = [`040000 tree ${folder}\t.slipway`, `040000 tree ${below}\tdeep`];
      const commit = await commitOf(clone, await tree(clone, ...entries));
      await clone.git('update-ref', 'refs/heads/main', commit);
      await world.pushed(clone);
      await world.expectRun(clone, { status: 'errored', reasons: { look: /cannot be read/ } });
    },
  },
  refusedTree(
    'a .git inside of a commit, in letters of another case',
    async (clone) => tree(clone, `100644 blob ${await blob(clone, '[core]')}\t.GIT`),
    /hasDotgit|contains '\.git'/,
  ),
  refusedTree(
    'a folder called ..',
    async (clone) => tree(clone, `040000 tree ${EMPTY_TREE}\t..`),
    /hasDotdot|contains '\.\.'/,
  ),
  refusedTree(
    'the same name twice, once as a link and once as a folder',
    async (clone) => {
      const [link, folder] = [await blob(clone, '/etc'), EMPTY_TREE];
      const entries = `120000 d\\000${octal(link)}40000 d\\000${octal(folder)}`;
      return fed(clone, 'hash-object -t tree -w --literally --stdin', entries, { isEscaped: true });
    },
    /duplicateEntries|duplicate file entries|treeNotSorted/,
  ),
  refusedTree(
    'a .gitmodules that is a link',
    async (clone) => tree(clone, `120000 blob ${await blob(clone, '/etc/passwd')}\t.gitmodules`),
    /gitmodulesSymlink|\.gitmodules is a symbolic link/,
  ),
  refusedTree(
    'a submodule whose address is an option',
    async (clone) => {
      const text = '[submodule "m"]\n\tpath = m\n\turl = --upload-pack=touch x\n';
      return tree(clone, `100644 blob ${await blob(clone, text)}\t.gitmodules`);
    },
    /gitmodulesUrl|disallowed submodule url/,
  ),
  refusedTree(
    'a submodule whose name leads out',
    async (clone) => {
      const text = '[submodule "../../x"]\n\tpath = m\n\turl = https://example.org/x\n';
      return tree(clone, `100644 blob ${await blob(clone, text)}\t.gitmodules`);
    },
    /gitmodulesName|disallowed submodule name/,
  ),
  refusedTree('ten thousand million files in eleven objects', bomb, /more than 500000 files/),
  {
    tries: 'a tag on more files than there is memory for, started by hand',
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository({ a: 'a' });
      const text = pipeline({ look: { run: 'true' } });
      const folder = await tree(clone, `100644 blob ${await blob(clone, text)}\tpipeline.yaml`);
      const entries = [`040000 tree ${folder}\t.slipway`, `040000 tree ${await bomb(clone)}\td`];
      const commit = await commitOf(clone, await tree(clone, ...entries));
      await world.pushed(clone, `${commit}:refs/tags/bomb`);
      const { id } = await world.stack.client.runs.start({
        repository: clone.name,
        ref: 'refs/tags/bomb',
        inputs: {},
      });
      const run = await world.stack.runIs(id, 'errored');
      must(/500000 files/.test(run.steps[0]?.reason ?? ''), `it says: ${run.steps[0]?.reason}`);
    },
  },
];

/** As printf takes bytes. */
function octal(hex: string): string {
  return hex.replace(
    /../g,
    (byte) => `\\${Number.parseInt(byte, 16).toString(8).padStart(3, '0')}`,
  );
}
