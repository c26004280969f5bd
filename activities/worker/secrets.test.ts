/** A secret on its way from the store through a step into the record: nothing that is kept holds it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { SecretName } from '../../workflows/domain/names.js';
import type { StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import { FakeArtifacts, FakeCaches } from '../artifacts/artifacts.fake.js';
import { createBuildActivities } from '../build/build.activities.js';
import { PlainExecutor } from '../build/plain.adapter.js';
import { Workspaces } from '../build/workspace.js';
import { formsOf } from '../logs/mask.forms.js';
import { StoredLogs } from '../logs/stored.adapter.js';
import { groupedWrites } from '../logs/writer.js';
import { giveSecrets } from '../secrets/give.js';
import { createSecretKeeper } from '../secrets/keeper.js';
import { KeyFolder } from '../secrets/keys.js';
import { StoredSecrets } from '../secrets/store.adapter.js';
import { FakeSource } from '../source/source.fake.js';
import { recordsStep } from '../store/recorded.js';
import { createStore } from '../store/store.js';
import type { Store } from '../store/store.ports.js';
import { type ThrowAway, throwAwayPostgres } from '../store/testing.js';
import { openRun } from '../store/testing.runs.js';

const VALUE = 'correct/horse "battery" stäple & <more>';

let postgres: ThrowAway;
let store: Store;
let root: string;
let executor: PlainExecutor;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
  store = await createStore({ url: postgres.url, poolSize: 4 });
  root = await mkdtemp(join(tmpdir(), 'slipway-secrets-'));
  executor = new PlainExecutor();
});
afterAll(async () => {
  await executor.close();
  await store.close();
  await postgres.remove();
  await rm(root, { recursive: true, force: true });
});

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const tables = await postgres.sql<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => postgres.sql(`SELECT t::text AS row FROM "${name}" t`)),
  );
  return JSON.stringify(rows.flat()).replaceAll('\\\\', '\\').replaceAll('\\"', '"');
}

/** The step's activity as the worker has it, and its answer. */
async function attempt(step: StepOf<'run'>): Promise<StepResult> {
  const id = await openRun(store, { repository: 'shop', steps: [step.name] });
  const run = await store.runs.get(id);
  if (!run) throw new Error('the run is not there');
  const context: StepContext = { run, trigger: run.trigger, outputs: {}, artifacts: [] };
  const runs = groupedWrites(store.runs);
  const source = new StoredSecrets(store.secrets, new KeyFolder(join(root, 'keys')));
  const workspaces = new Workspaces(join(root, 'work'));
  const { runCommands } = createBuildActivities({
    source: new FakeSource(),
    artifacts: new FakeArtifacts(),
    caches: new FakeCaches(),
    logs: new StoredLogs(runs),
    executor,
    workspaces,
    secrets: { give: (names, asker) => giveSecrets(source, names, asker) },
    stageUrl: () => Promise.resolve(undefined),
    path: '/usr/bin:/bin',
    maxOutputMib: 1_024,
  });
  const recorded = recordsStep({ runs }, runCommands);
  try {
    return (await new MockActivityEnvironment().run(recorded, { context, step })) as StepResult;
  } finally {
    await workspaces.close();
  }
}

describe('a secret in a step', () => {
  beforeAll(async () => {
    const keeper = createSecretKeeper(store.secrets, new KeyFolder(join(root, 'keys')));
    const secret = { name: SecretName.parse('TOKEN'), value: VALUE, repository: 'shop' };
    await keeper.set({ ...secret, branches: ['main'] }, 'ada');
  });

  it('is in no row of the database afterwards, in no form', async () => {
    const print = `const t = process.env.TOKEN;
      console.log(t, JSON.stringify(t), encodeURIComponent(t), Buffer.from(t).toString('hex'));
      for (const before of ['', ':', '::']) console.log(Buffer.from(before + t).toString('base64'));
      for (const sign of t) require('fs').writeSync(2, sign);`;
    const result = await attempt({
      name: 'test',
      kind: 'run',
      secrets: ['TOKEN'],
      outputs: ['value'],
      spec: {
        commands: [
          `"${process.execPath}" -e "$PRINT"`,
          'printf "value=%s\\n" "$TOKEN" >>"$SLIPWAY_OUTPUT"',
        ],
      },
      env: { PRINT: print },
    });
    expect(result).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('it holds a secret of this step'),
    });
    const kept = await dump();
    expect(kept).toContain('it holds a secret of this step');
    expect(kept.match(/\*\*\*/g)?.length).toBeGreaterThanOrEqual(8);
    for (const form of formsOf(VALUE).whole) {
      expect(kept).not.toContain(form);
      expect(JSON.stringify(result)).not.toContain(form);
    }
  });

  it('that was removed while a run waited is refused by name to the next attempt', async () => {
    await postgres.sql('DELETE FROM secrets');
    const step: StepOf<'run'> = {
      name: 'test',
      kind: 'run',
      secrets: ['TOKEN'],
      spec: { commands: ['true'] },
    };
    expect(await attempt(step)).toEqual({
      verdict: 'failed',
      reason:
        'the secret "TOKEN" is not set. "slipway secrets list" shows what is set, ' +
        '"slipway secrets set NAME" sets it.',
    });
  });
});
