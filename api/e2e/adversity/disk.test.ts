/** The disk is full: work waits, nothing that was acknowledged is lost, and every answer names the disk. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ApiProblem } from '../../client/client.js';
import { files, pipeline } from '../harness/app.js';
import type { Clone } from '../harness/clone.js';
import { eventually } from '../harness/eventually.js';
import type { E2eStack } from '../harness/stack.js';
import { SmallDisk } from './small-disk.js';

/** PostgreSQL and Temporal of a new home take about 60 MiB. */
const DISK_MIB = 200;
/** A megabyte each; two segments of the write-ahead log hold 32. */
const MAX_MESSAGES = 100;
const RECOVERY_LIMIT_MS = 110_000;
/** What waited is tried again half a minute apart, and several things wait. Milliseconds. */
const TEST_LIMIT_MS = 400_000;
const NO_SPACE = /no space (is )?left/i;

describe('a full disk', () => {
  let disk: SmallDisk;
  let stack: E2eStack;
  let web: Clone;
  let busy: Clone;
  let go: string;
  let second: string;
  const gate = 'from: [admin]';
  const runsOf = async (repository: string, commit: string) =>
    (await stack.client.runs.list({ repository, commit })).items;

  beforeAll(async () => {
    disk = await SmallDisk.start(DISK_MIB);
    ({ stack } = disk);
    go = join(disk.beside, 'go');
    web = await stack.clone('web', files({ version: 'one' }, pipeline({ gate })));
    busy = await stack.clone('busy', {
      '.slipway/pipeline.yaml': `version: 1
name: busy
steps:
  wait: { run: [echo begun, "until [ -e ${go} ]; do sleep 0.1; done"] }
  keep:
    needs: [wait]
    run: [echo kept > small, "head -c 2000000 /dev/urandom > big"]
    artifacts: [small, big]
    cache: [{ key: big, paths: [big] }]
    retry: { attempts: 20 }
`,
    });
    await web.push();
    busy.pushing();
    await eventually('a step has begun', async () =>
      (await stack.client.runs.logText('busy-1')).includes('begun'),
    );
    await stack.runIs('web-1', 'waiting');
  });
  afterAll(async () => {
    await web?.remove();
    await busy?.remove();
    await disk?.end();
  });

  it('refuses a push with the reason, or gives it its run', async () => {
    await disk.fill();
    second = await web.commit('two', files({ version: 'two' }, pipeline({ gate })));
    const { code, stderr } = await web.push();
    if (code === 0) expect(await runsOf('web', second)).toHaveLength(1);
    else expect(stderr).toMatch(NO_SPACE);
  });

  it('is what doctor says', async () => {
    const { code, stdout } = await stack.slipway('doctor');
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/✘ disk +0\.0 GiB free/);
  });

  it('lets a step wait that cannot work, with the reason', async () => {
    await writeFile(go, '');
    const step = await eventually('the step says why it waits', async () => {
      const { items } = await stack.client.runs.steps('busy-1').catch(noAnswer);
      return items.find(({ name, reason }) => name === 'keep' && NO_SPACE.test(reason ?? ''));
    });
    expect(step.status).toBe('running');
  });

  it('ends PostgreSQL, which is started again until there is room, and said so', async () => {
    await fillWriteAheadLog(stack.home);
    await stack.process.says(
      /postgres ended \(.+\); no space is left on the disk that holds ".+": .+; starting it again/,
    );
    const refusal = await eventually('the API says what is missing', async () =>
      stack.client.runs.get('web-1').then(
        () => undefined,
        (error: unknown) => (error instanceof ApiProblem ? error : undefined),
      ),
    );
    expect(refusal).toMatchObject({ status: 503 });
    expect(refusal.message).toMatch(/PostgreSQL/);
    // Health looks once a second.
    await eventually('health names the database', async () => {
      const { services } = await stack.client.health();
      return services['database']?.status === 'unhealthy';
    });
  });

  it(
    'that has room again lets everything go on by itself',
    async () => {
      await disk.free();
      await stack.process.says(/postgres is back/);
      await eventually('all parts answer', async () => (await fetch(`${stack.url}/health`)).ok);
      await ends('busy-1', 'succeeded');
      expect((await web.push()).code).toBe(0);
      expect(await runsOf('web', second)).toHaveLength(1);
      expect((await stack.slipway('approve', 'web-2')).code).toBe(0);
      await ends('web-2', 'succeeded');
      const url = await stack.stageUrl('web', 'production');
      expect(await (await fetch(url)).text()).toBe('two');
      await rm(go);
    },
    TEST_LIMIT_MS,
  );

  it(
    'under an approval and a deploy loses neither',
    async () => {
      await web.commit('three', files({ version: 'three' }, pipeline({ gate })));
      await web.push();
      await stack.runIs('web-3', 'waiting');
      const before = warnings();
      await disk.fill();
      const answered = await stack.client.runs.decide('web-3', { answer: 'approve' }).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ status: 503 });
          return false;
        },
      );
      await eventually('the stack says what is wrong', async () => warnings() > before);
      await disk.free();
      await eventually('all parts answer', async () => (await fetch(`${stack.url}/health`)).ok);
      if (!answered) await stack.slipway('approve', 'web-3');
      await ends('web-3', 'succeeded');
      const url = await stack.stageUrl('web', 'production');
      expect(await (await fetch(url)).text()).toBe('three');
    },
    TEST_LIMIT_MS,
  );

  /** What waited for room is tried again half a minute apart. */
  async function ends(id: string, status: string): Promise<void> {
    const run = await eventually(
      `${id} has ended`,
      async () => {
        const seen = await stack.client.runs.get(id);
        return seen.finishedAt === null ? undefined : seen;
      },
      RECOVERY_LIMIT_MS,
    );
    expect(run).toMatchObject({ status });
  }

  /** How often the terminal of the stack was told. */
  function warnings(): number {
    return stack.process.said().split('make room: work waits').length;
  }
});

/** Writes until PostgreSQL needs another segment, and gives up with it. */
async function fillWriteAheadLog(home: string): Promise<void> {
  const { postgres } = JSON.parse(await readFile(join(home, 'ports.json'), 'utf8'));
  const password = (await readFile(join(home, 'postgres.password'), 'utf8')).trim();
  const client = new pg.Client(`postgres://slipway:${password}@127.0.0.1:${postgres}/postgres`);
  client.on('error', () => {});
  try {
    await client.connect();
    for (let count = 0; count < MAX_MESSAGES; count++) {
      await client.query(`SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))`);
    }
  } catch {
    // That is what we wanted.
  } finally {
    await client.end().catch(() => {});
  }
}

function noAnswer(): { items: { name: string; reason: string | null; status: string }[] } {
  return { items: [] };
}
