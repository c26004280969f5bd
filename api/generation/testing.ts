/** Generation on obedient models, without HTTP and without PostgreSQL. */
import type { Piece, Wish } from '../../workflows/domain/chat.js';
import { FakeModels } from '../chat/models.fake.js';
import { FakeMetrics } from '../platform/metrics.fake.js';
import { Budgets } from './budgets.js';
import type { Answer } from './generation.ports.js';
import { GenerationService } from './generation.service.js';

export interface Given {
  slots?: number;
  queue?: number;
  requests?: number;
  tokens?: number;
}

export function generationOf({
  slots = 1,
  queue = 64,
  requests = 600,
  tokens = 10_000,
}: Given = {}) {
  const models = new FakeModels();
  models.modelLoad.slots = slots;
  models.text = 'one two three';
  const metrics = new FakeMetrics();
  const service = new GenerationService(
    models,
    metrics,
    { SLIPWAY_CHAT_QUEUE: queue },
    new Budgets({ requests, tokens }),
  );
  let count = 0;
  const begin = (login: string, signal?: AbortSignal): Promise<Answer> => {
    const id = `${login}-${++count}`;
    return service.begin(wishOf(id), { login, via: 'openai' }, signal);
  };
  return { models, metrics, service, begin };
}

export function wishOf(id: string): Wish {
  return { id, model: 'fake', prompt: { text: 'hello there' }, sampling: {} };
}

/** Everything that was said, and how it ended. */
export async function read(answer: Answer): Promise<{ text: string; reason: string }> {
  let [text, reason] = ['', ''];
  for await (const piece of answer.pieces) {
    if (piece.kind === 'text') text += piece.text;
    if (piece.kind === 'done') reason = piece.reason;
  }
  return { text, reason };
}

export async function kinds(answer: Answer): Promise<Piece['kind'][]> {
  const seen: Piece['kind'][] = [];
  for await (const { kind } of answer.pieces) seen.push(kind);
  return seen;
}

/** Holds every answer until the test lets it go on; says in which order they were begun. */
export function held(models: FakeModels) {
  const begun: string[] = [];
  const waiting = new Map<string, () => void>();
  models.beforeAnswer = ({ id }, signal) => {
    begun.push(id);
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  };
  return {
    begun,
    release: (id: string) => waiting.get(id)?.(),
    /** Resolves when so many were begun. */
    begunAre: async (count: number) => {
      while (begun.length < count) await new Promise(setImmediate);
    },
  };
}
