/** Which model answers, and what an answer's metadata says about it. */
import { Inject, Injectable } from '@nestjs/common';
import type { ServedModel } from '../../workflows/domain/chat.js';
import { modelMissing } from './model.missing.js';
import { MODELS, type Models } from './model.ports.js';

@Injectable()
export class ServedModels {
  constructor(@Inject(MODELS) private readonly models: Models) {}

  /** The default without a name. @throws {ModelUnknown} {ModelNotReady} */
  named(name: string | undefined): ServedModel {
    const served = this.models.served();
    const found = name === undefined ? served[0] : served.find((one) => one.name === name);
    if (found) return found;
    throw modelMissing(name, this.models);
  }

  /** False until this process has looked at the record for the first time. */
  get areKnown(): boolean {
    return this.models.served().length > 0;
  }

  find(name: string): ServedModel | undefined {
    return this.models.served().find((one) => one.name === name);
  }

  count(model: string, prompt: Parameters<Models['count']>[0]['prompt']): Promise<number> {
    return this.models.count({ model, prompt });
  }

  metaOf({ name, digest, adapter, provider, isToy }: ServedModel): Record<string, unknown> {
    const toy = isToy
      ? {
          toy: true,
          hint: 'This is a toy model. A real one: slipway models pull hf:owner/name:file',
        }
      : { toy: false };
    return { model: name, digest, adapter, provider, ...toy };
  }
}
