/** Pushes to what is ours, with options, of too much, and of names that mean something else. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Hostile, must, pipeline } from '../entry.js';
import { pushOfTags } from '../objects.js';

const FINE = { '.slipway/pipeline.yaml': pipeline({ a: { run: 'true' } }) };
const EMPTY_PACK = Buffer.from('PACK\0\0\0\u0002\0\0\0\0', 'latin1');

/** A push of HEAD to a ref that must be refused, with these words. */
function refused(ref: string, why: RegExp): Hostile {
  return {
    tries: `a push to ${JSON.stringify(ref).slice(0, 60)} is refused`,
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository(FINE);
      const commit = (await clone.git('rev-parse', 'HEAD')).stdout.trim();
      const full = ref.replace('COMMIT', commit);
      const { code, stderr } = await clone.push(`${commit}:${full}`);
      must(code !== 0 && why.test(stderr), `it was not refused with ${why}:\n${stderr}`);
      const { items } = await world.stack.client.runs.list({ repository: clone.name });
      must(items.length === 0, 'a refused push has started a run');
    },
  };
}

export const PUSHES: Hostile[] = [
  refused('refs/slipway/x', /hidden ref/),
  refused('refs/keep/x', /hidden ref/),
  refused('refs/replace/COMMIT', /is no branch, tag or note/),
  refused('refs/internal/x', /is no branch, tag or note/),
  refused('refs/heads/COMMIT', /taken for a commit/),
  refused('refs/heads/--upload-pack=touch', /taken for an option/),
  refused('refs/heads/a\u009b2Jb', /cannot be seen/),
  refused('refs/heads/a\u202eb', /cannot be seen/),
  refused(`refs/heads/${'long/'.repeat(60)}x`, /the limit is 255/),
  refused('refs/heads/../../x', /invalid refspec/),
  refused('refs/heads/.hidden', /invalid refspec|funny refname/),
  refused('HEAD', /fully qualify|funny refname/),
  {
    tries: 'a push to the repository of what every stage serves',
    heldBy: 'everywhere',
    happens: async (world) => {
      for (const name of ['gitops', '%67itops', 'GITOPS', '..%2fgit%2fgitops', '.server']) {
        const clone = await world.repository(FINE, name);
        const { code, stderr } = await clone.push('--force');
        must(code !== 0, `a push to "${name}" was taken:\n${stderr}`);
      }
    },
  },
  {
    tries: 'deleting and rewriting branches, and options of the client',
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository(FINE);
      await world.pushed(clone, 'main:topic');
      const touch = join(world.canary, 'touched');
      await clone.commit('again');
      await world.pushed(clone, `--receive-pack=touch ${touch};git-receive-pack`);
      const optioned = await clone.push('--push-option=x', 'main:other');
      must(/does not support push options/.test(optioned.stderr), optioned.stderr);
      const removed = await clone.git('push', 'slipway', ':main').then(
        () => '',
        (error: unknown) => String(error),
      );
      must(/prohibited|deletion/.test(removed), `main was deleted: ${removed}`);
      await world.pushedAlone(clone, ':topic');
      await clone.git('commit', '--quiet', '--amend', '--allow-empty', '-m', 'rewritten');
      await world.pushed(clone, '--force');
      await world.expectRun(clone, { status: 'succeeded' });
    },
  },
  {
    tries: 'twelve thousand refs in one push',
    heldBy: 'everywhere',
    happens: async (world) => {
      const clone = await world.repository(FINE);
      await world.pushed(clone);
      const commit = (await clone.git('rev-parse', 'HEAD')).stdout.trim();
      const sum = createHash('sha1').update(EMPTY_PACK).digest();
      const { url, token } = world.stack;
      const answer = await fetch(`${url}/git/${clone.name}.git/git-receive-pack`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`x:${token}`)}`,
          'content-type': 'application/x-git-receive-pack-request',
        },
        body: new Uint8Array(pushOfTags(commit, 12_000, Buffer.concat([EMPTY_PACK, sum]))),
      });
      const said = await answer.text();
      must(said.includes('too many refs at once'), said.slice(0, 500));
      const refs = (await clone.git('ls-remote', '--tags', 'slipway')).stdout;
      must(refs === '', 'some of the refs were made');
    },
  },
  {
    tries: 'a branch whose name is a command, and a tag of the same name as a branch',
    heldBy: 'everywhere',
    happens: async (world) => {
      const name = '$(touch${IFS}pwned);`touch${IFS}pwned`&x|y>z"\'<w';
      const look = ['test ! -e pwned', 'test "$SLIPWAY_BRANCH" = "$(cat name)"'];
      const clone = await world.repository({
        name,
        '.slipway/pipeline.yaml': pipeline({ look: { run: look } }),
      });
      await clone.git('tag', 'main');
      const heads = ['main', name].map((branch) => `HEAD:refs/heads/${branch}`);
      await world.pushedAlone(clone, ...heads, 'refs/tags/main');
      const { items } = await world.stack.client.runs.list({
        repository: clone.name,
        branch: name,
      });
      const id = items[0]?.id ?? '';
      const { reason, status } = await world.stack.runIs(id, 'succeeded', 'failed', 'errored');
      must(status === 'succeeded', `${id} is ${status}: ${reason}`);
    },
  },
];
