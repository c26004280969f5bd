/** What the tests of this room share: a run to speak of, and an activity that really runs. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { z } from 'zod';
import { StepContext } from '../../workflows/domain/step.js';
import type { BuildSpec, RunSpec, StepOf } from '../../workflows/pipeline/plan.js';
import { FakeArtifacts, FakeCaches } from '../artifacts/artifacts.fake.js';
import { FakeLogs } from '../logs/logs.fake.js';
import type { BuildDeps } from './attempt.js';
import { createBuildActivities } from './build.activities.js';
import type { Executor } from './build.ports.js';
import { PlainExecutor } from './plain.adapter.js';
import { openSandbox } from './sandbox/sandbox.testing.js';
import { FakeStepSecrets } from './secrets.fake.js';
import { Workspaces } from './workspace.js';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export function contextOf(branch: string | null = 'main'): StepContext {
  return StepContext.parse({
    run: { id: 'app-1', repository: 'app', commit: COMMIT, branch, pipeline: 'app', order: 1 },
    trigger: { kind: 'push', by: 'ada' },
    outputs: {},
    artifacts: [],
  });
}

type Common = Partial<
  Pick<StepOf<'run'>, 'env' | 'network' | 'outputs' | 'secrets' | 'timeoutSeconds'>
>;

/** A stand whose repositories, stores and logs are fakes, and whose processes are real. */
export class Stand {
  readonly artifacts = new FakeArtifacts();
  readonly caches = new FakeCaches();
  readonly logs = new FakeLogs();
  readonly secrets = new FakeStepSecrets();
  readonly environment = quietEnvironment();
  /** Files of every commit. */
  files: Record<string, string> = {};
  /** Set it to make every checkout fail with it. */
  refusal: ApplicationFailure | Error | undefined;
  stageUrls: Record<string, string> = {};
  /** What is said of a checkout after its step. */
  isPristine = false;
  maxOutputMib = 1_024;

  private constructor(
    readonly root: string,
    readonly workspaces: Workspaces,
    readonly executor: Executor,
  ) {}

  static async open(executor: 'plain' | 'sandbox' = 'plain'): Promise<Stand> {
    const root = await mkdtemp(join(tmpdir(), 'slipway-build-'));
    const by = executor === 'plain' ? new PlainExecutor() : await openSandbox(root);
    return new Stand(root, new Workspaces(join(root, 'work'), () => {}, by.owner), by);
  }

  async close(): Promise<void> {
    await this.executor.close();
    await this.workspaces.close();
    await this.artifacts.clean();
    await rm(this.root, { recursive: true, force: true });
  }

  run(
    commands: string[],
    more: Common & {
      spec?: Partial<z.infer<typeof RunSpec>>;
      context?: StepContext;
      stage?: string;
    } = {},
  ) {
    const { spec, context = contextOf(), stage, ...common } = more;
    const step: StepOf<'run'> = {
      name: 'test',
      kind: 'run',
      spec: { commands, ...spec },
      ...common,
    };
    const input = { context, step, ...(stage !== undefined && { stage }) };
    return this.environment.run(createBuildActivities(this.deps()).runCommands, input);
  }

  build(
    spec: Omit<z.infer<typeof BuildSpec>, 'kind'>,
    more: Common & { context?: StepContext } = {},
  ) {
    const { context = contextOf(), ...common } = more;
    const step: StepOf<'build'> = {
      name: 'image',
      kind: 'build',
      spec: { kind: 'archive', ...spec },
      ...common,
    };
    return this.environment.run(createBuildActivities(this.deps()).buildArchive, { context, step });
  }

  private deps(): BuildDeps {
    const { artifacts, caches, logs, executor, workspaces } = this;
    return {
      artifacts,
      caches,
      logs,
      executor,
      workspaces,
      secrets: this.secrets,
      source: {
        checkout: ({ folder }) => this.checkout(folder),
        isPristine: () => this.isPristine,
        readFrom: () => [],
      },
      stageUrl: async (_repository, stage) => this.stageUrls[stage],
      path: '/usr/bin:/bin',
      maxOutputMib: this.maxOutputMib,
    };
  }

  private async checkout(folder: string): Promise<void> {
    if (this.refusal) throw this.refusal;
    await mkdir(folder);
    for (const [path, text] of Object.entries(this.files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await this.executor.handOver(folder);
  }
}

/** Says nothing of activities that fail: the tests do. */
export function quietEnvironment(): MockActivityEnvironment {
  return new MockActivityEnvironment({ attempt: 2 }, { logger: new DefaultLogger('ERROR') });
}
