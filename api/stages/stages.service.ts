import { Inject, Injectable } from '@nestjs/common';
import { silenceOf } from '../../activities/store/stages.silence.js';
import type { StageRow, Store } from '../../activities/store/store.ports.js';
import type { Page, Rollback, Run, Stage, StageEvent } from '../client/wire.js';
import type { User } from '../platform/auth.js';
import { NotFound, Refused } from '../platform/errors.js';
import { given, type Paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { viewStageEvent } from '../platform/views.js';
import { RunStarter } from '../runs/starter.service.js';
import { RunStarts } from '../runs/starts.service.js';
import { previousRelease, rollbackPlan } from './rollback.js';

/** Events that a stage shows, and events that are searched for an earlier release. */
const SHOWN_EVENTS = 20;
const SEARCHED_EVENTS = 200;

@Injectable()
export class StagesService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    private readonly starter: RunStarter,
    private readonly starts: RunStarts,
  ) {}

  async list(query: Paging & { repository?: string | undefined }): Promise<Page<Stage>> {
    const { items, next } = await this.store.stages.list(given(query));
    return { items: await Promise.all(items.map((row) => this.view(row))), next };
  }

  async get(repository: string, name: string): Promise<Stage> {
    return this.view(await this.row(repository, name));
  }

  async history(repository: string, stage: string, page: Paging): Promise<Page<StageEvent>> {
    await this.row(repository, stage);
    const where = { repository, stage, ...given(page) };
    const { items, next } = await this.store.stages.history(where);
    return { items: items.map(viewStageEvent), next };
  }

  /** Starts a run that deploys an earlier release; whether it may, the run finds out. */
  async rollback(
    repository: string,
    name: string,
    { digest, reason }: Rollback,
    user: User,
  ): Promise<Run> {
    await this.row(repository, name);
    const release = await this.release(repository, name, digest);
    const prepared = await this.starter.planned(
      { repository, commit: release.commit, branch: null, pipeline: 'rollback' },
      { kind: 'rollback', by: user.login, inputs: given({ reason }) },
      rollbackPlan(release, name),
    );
    return this.starts.launch(prepared, { by: user.login, action: 'stage.rollback' });
  }

  private async release(repository: string, stage: string, digest: string | undefined) {
    const wanted = digest ?? (await this.previous(repository, stage));
    const release = await this.store.stages.release(wanted);
    if (release?.repository === repository) return release;
    throw new NotFound(
      `"${repository}" has no release "${wanted}"`,
      `See GET /api/v1/stages/${repository}/${stage}/history for releases that served.`,
    );
  }

  private async previous(repository: string, stage: string): Promise<string> {
    const query = { repository, stage, limit: SEARCHED_EVENTS };
    const digest = previousRelease((await this.store.stages.history(query)).items);
    if (digest !== undefined) return digest;
    throw new Refused(
      'no-earlier-release',
      `"${stage}" of "${repository}" served no earlier release that was not rejected`,
      `Name a release by "digest"; GET /api/v1/releases?repository=${repository} lists them.`,
    );
  }

  private async row(repository: string, name: string): Promise<StageRow> {
    const row = await this.store.stages.get(repository, name);
    if (row) return row;
    throw new NotFound(
      `"${repository}" has no stage "${name}"`,
      'A stage comes into being with the first deploy to it.',
    );
  }

  private async view(row: StageRow): Promise<Stage> {
    const { repository, name, url, queue, digest } = row;
    const silence = silenceOf(row);
    const query = { repository, stage: name, limit: SHOWN_EVENTS };
    const [history, release] = await Promise.all([
      this.store.stages.history(query),
      digest === null ? undefined : this.store.stages.release(digest),
    ]);
    const serving = release && {
      digest: release.digest,
      commit: release.commit,
      runId: release.runId,
    };
    return {
      repository,
      name,
      url,
      health: silence === undefined ? row.health : 'unknown',
      message: silence ?? row.message,
      queue,
      serving: serving ?? null,
      history: history.items.map(viewStageEvent),
    };
  }
}
