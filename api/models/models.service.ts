/** Models and what is served: the record says it, and the engines of every replica follow. */
import { Inject, Injectable } from '@nestjs/common';
import type { ModelRow, Store } from '../../activities/store/store.ports.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import type { Page } from '../client/wire.js';
import type { Model, Serve, Serving, Servings, Slot } from '../client/wire.models.js';
import { Audit } from '../platform/audit.js';
import type { User } from '../platform/auth.js';
import { NotFound, Refused } from '../platform/errors.js';
import { given, type Paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';
import { demandEngines } from './models.elsewhere.js';
import { ModelsFollower } from './models.follower.js';
import {
  type Followed,
  Metadata,
  viewEngine,
  viewModel,
  viewServed,
  viewServing,
} from './models.views.js';

@Injectable()
export class ModelsService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(MODELS) private readonly models: Models,
    private readonly audit: Audit,
    private readonly follower: ModelsFollower,
  ) {}

  async list(page: Paging): Promise<Page<Model>> {
    const [{ items, next }, servings] = await Promise.all([
      this.rows.list(given(page)),
      this.rows.servings(),
    ]);
    return { items: items.map((row) => viewModel(row, servings)), next };
  }

  async get(name: string): Promise<Model> {
    return viewModel(await this.row(name), await this.rows.servings());
  }

  async remove(name: string, { login }: User): Promise<void> {
    const { digest } = await this.row(name);
    const command = { by: login, action: 'model.remove', subject: `model/${name}` };
    await this.audit.during({ ...command, detail: { digest } }, async () => {
      const outcome = await this.rows.remove(name);
      if (outcome === 'absent') throw noModel(name);
      if (outcome === 'used') {
        const help = 'Serve another model under that name first, or stop serving it.';
        throw new Refused('model-used', `the model "${name}" is served`, help);
      }
    });
  }

  async servings(): Promise<Servings> {
    const rows = await this.rows.servings();
    const served = this.models.served();
    return {
      items: rows.map((row) => viewServing(row, this.followed())),
      next: null,
      served: served.map(viewServed),
      engines: this.models.engines().map(viewEngine),
    };
  }

  /** Resolves when the record says so; engines load beside what serves now, and then take over. */
  serve({ adapter, ...wish }: Serve, { login }: User): Promise<Serving> {
    const detail = { ...wish, adapter: adapter ?? null };
    const command = { by: login, action: 'model.serve', subject: `serving/${wish.name}`, detail };
    return this.audit.during(command, async () => {
      demandEngines(this.models);
      await this.demandFit(detail);
      const row = await this.rows.serve(detail, login);
      return viewServing(row, this.followed());
    });
  }

  async unserve(name: string, slot: Slot, { login }: User): Promise<void> {
    const command = { by: login, action: 'model.unserve', subject: `serving/${name}` };
    await this.audit.during({ ...command, detail: { slot } }, async () => {
      const ofName = (await this.rows.servings()).filter((one) => one.name === name);
      if (slot === 'champion' && ofName.some((one) => one.slot === 'challenger')) {
        const help = 'Stop serving the challenger first, or serve it as the champion.';
        throw new Refused('has-challenger', `"${name}" has a challenger`, help);
      }
      if (!(await this.rows.unserve(name, slot))) {
        throw new NotFound(
          `no ${slot} is served as "${name}"`,
          'GET /api/v1/models/servings lists them.',
        );
      }
    });
  }

  /** What cannot work is refused here, and not found out by an engine later. */
  private async demandFit({
    name,
    model,
    adapter,
    slot,
  }: Omit<Serve, 'adapter'> & { adapter: string | null }) {
    const base = await this.row(model);
    if (base.kind !== 'base') {
      const help = 'Serve a base model, and name this one as its adapter.';
      throw new Refused('not-a-base', `"${model}" is an adapter`, help);
    }
    if (adapter !== null) demandAdapter(base, await this.row(adapter));
    if (slot === 'champion') return;
    const champion = (await this.rows.servings()).find(
      (one) => one.name === name && one.slot === 'champion',
    );
    if (champion) return;
    const help = 'Serve a champion under that name first; a challenger takes a share of it.';
    throw new Refused('no-champion', `"${name}" has no champion`, help);
  }

  private async row(name: string): Promise<ModelRow> {
    const row = await this.rows.get(name);
    if (!row) throw noModel(name);
    return row;
  }

  private followed(): Followed {
    const { models, follower } = this;
    return { served: models.served(), engines: models.engines(), lookedAt: follower.lookedAt };
  }

  private get rows() {
    return this.store.chat.models;
  }
}

function demandAdapter(base: ModelRow, adapter: ModelRow): void {
  if (adapter.kind !== 'adapter') {
    const help = 'Name a LoRA adapter, or none.';
    throw new Refused('not-an-adapter', `"${adapter.name}" is no adapter`, help);
  }
  const [mine, its] = [Metadata.parse(base.metadata), Metadata.parse(adapter.metadata)];
  if (mine.architecture === its.architecture) return;
  throw new Refused(
    'adapter-does-not-fit',
    `the adapter "${adapter.name}" is for ${its.architecture}, and "${base.name}" is ${mine.architecture}`,
    'Take an adapter that was trained on this model.',
  );
}

function noModel(name: string): NotFound {
  return new NotFound(
    `there is no model "${name}"`,
    'GET /api/v1/models lists them; POST /api/v1/models/pulls brings one.',
  );
}
