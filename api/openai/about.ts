/** What an answer says about the model that made it, beside its text. */
import type { FastifyReply } from 'fastify';
import type { ServedModel } from '../../workflows/domain/chat.js';
import type { Meta } from './shapes.js';

export interface About {
  id: string;
  created: number;
  model: string;
  /** Changes when other weights answer under the same name. */
  system_fingerprint: string;
  meta: Meta | undefined;
}

const TOY: Meta = {
  toy: true,
  note: 'A toy model wrote this text: it knows nothing. Serve a real one: slipway models pull.',
};

export function aboutAnswer(model: ServedModel | undefined, name: string, id: string): About {
  const digest = (model?.digest ?? name).replace('sha256:', '').slice(0, 12);
  const adapter = model?.adapter ? `_${model.adapter.replace('sha256:', '').slice(0, 12)}` : '';
  return {
    id,
    created: Math.floor(Date.now() / 1_000),
    model: name,
    system_fingerprint: `fp_${digest}${adapter}`,
    meta: metaOf(model),
  };
}

export function metaOf(model: ServedModel | undefined): Meta | undefined {
  return model?.isToy ? TOY : undefined;
}

/** For those who read no bodies. */
export function sayMeta(reply: FastifyReply, meta: Meta | undefined): void {
  if (meta) reply.header('x-slipway-meta', JSON.stringify(meta));
}
