/** What an answer says about the model that made it, beside its text. */
import type { FastifyReply } from 'fastify';
import type { MadeBy, Piece, ServedModel } from '../../workflows/domain/chat.js';
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

/** @param model what serves the name when the answer is asked for: until the answer says who makes it. */
export function aboutAnswer(model: ServedModel | undefined, name: string, id: string): About {
  return {
    id,
    created: Math.floor(Date.now() / 1_000),
    model: name,
    system_fingerprint: fingerprintOf(model ?? { digest: name, adapter: null }),
    meta: metaOf(model),
  };
}

/** A name may have a challenger, or be swapped meanwhile: the answer's first piece says who makes it. */
export function signed(about: About, piece: Piece): About {
  if (piece.kind !== 'started' || !piece.by) return about;
  return { ...about, system_fingerprint: fingerprintOf(piece.by) };
}

function fingerprintOf({ digest, adapter }: Pick<MadeBy, 'digest' | 'adapter'>): string {
  const short = (of: string) => of.replace('sha256:', '').slice(0, 12);
  return `fp_${short(digest)}${adapter === null ? '' : `_${short(adapter)}`}`;
}

export function metaOf(model: ServedModel | undefined): Meta | undefined {
  return model?.isToy ? TOY : undefined;
}

/** For those who read no bodies. */
export function sayMeta(reply: FastifyReply, meta: Meta | undefined): void {
  if (meta) reply.header('x-slipway-meta', JSON.stringify(meta));
}
