/** Pulls and uploads of model files: who began what is in the audit log; the library does the work. */
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError } from '../../activities/platform/errors.js';
import { MODELS, type Models } from '../chat/model.ports.js';
import type { Page } from '../client/wire.js';
import type { Pull, StartPull, StartUpload } from '../client/wire.models.js';
import { Audit } from '../platform/audit.js';
import type { User } from '../platform/auth.js';
import { BadInput, NotFound, Refused } from '../platform/errors.js';
import { given } from '../platform/requests.js';
import { MODEL_LIBRARY, type ModelLibrary } from './library.ports.js';
import { demandEngines } from './models.elsewhere.js';
import { viewPull } from './models.views.js';

/** What the state of things does not allow, by the library's codes. */
const REFUSALS = [
  'too-many-pulls',
  'pull-elsewhere',
  'wrong-offset',
  'model-name-taken',
  'disk-full',
];

@Injectable()
export class PullsService {
  constructor(
    @Inject(MODEL_LIBRARY) private readonly library: ModelLibrary,
    @Inject(MODELS) private readonly models: Models,
    private readonly audit: Audit,
  ) {}

  async list(): Promise<Page<Pull>> {
    return { items: (await this.library.pulls()).map(viewPull), next: null };
  }

  async get(id: string): Promise<Pull> {
    const pull = await this.library.find(id);
    if (!pull) throw noPull(id);
    return viewPull(pull);
  }

  start(wish: StartPull, { login }: User): Promise<Pull> {
    const { name, sha256, replace } = wish;
    const detail = { source: shown(wish.source), ...given({ sha256, replace }) };
    const subject = `model/${name ?? detail.source}`;
    return this.audit.during({ by: login, action: 'model.pull', subject, detail }, async () => {
      demandEngines(this.models);
      return viewPull(await translated(() => this.library.pull(given(wish), login)));
    });
  }

  upload(wish: StartUpload, { login }: User): Promise<Pull> {
    const { name, ...detail } = given(wish);
    const subject = `model/${name ?? detail.file}`;
    const command = { by: login, action: 'model.upload', subject, detail };
    return this.audit.during(command, async () => {
      demandEngines(this.models);
      return viewPull(await translated(() => this.library.upload(given(wish), login)));
    });
  }

  async receive(id: string, offset: number, piece: Readable): Promise<Pull> {
    const pull = await translated(() => this.library.receive(id, offset, piece));
    if (!pull) throw noPull(id);
    return viewPull(pull);
  }

  async discard(id: string, { login }: User): Promise<void> {
    const { name, source } = await this.get(id);
    const command = { by: login, action: 'model.pull.discard', subject: `model/${name}` };
    await this.audit.during({ ...command, detail: { source } }, async () => {
      if (!(await translated(() => this.library.discard(id)))) throw noPull(id);
    });
  }
}

/** Without query and credentials: what is here is kept for ever. */
function shown(source: string): string {
  if (source.startsWith('hf:')) return source;
  if (!URL.canParse(source)) return 'no address';
  const { protocol, host, pathname } = new URL(source);
  return `${protocol}//${host}${pathname}`;
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const { code, message, help } = error;
    if (code === 'bad-source') {
      throw new BadInput([{ field: '', message: `${message}. ${help}` }]);
    }
    if (REFUSALS.includes(code)) throw new Refused(code, message, help, { cause: error });
    throw error;
  }
}

function noPull(id: string): NotFound {
  return new NotFound(`there is no pull "${id}"`, 'GET /api/v1/models/pulls lists them.');
}
