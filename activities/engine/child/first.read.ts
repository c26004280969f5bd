/**
 * After a step llama.cpp puts its outputs in order when the first of them is read. node-llama-cpp reads
 * those of all sequences at once, in threads: they swap under each other's eyes, and a stream says what
 * another one meant (1 token of about 1,000 with four streams, seen with 3.21.1).
 */
import type { LlamaContext } from 'node-llama-cpp';

/** What the library calls of its native part; its types do not show it. */
interface Native {
  decodeBatch: () => Promise<unknown>;
  sampleToken: (...given: unknown[]) => Promise<unknown>;
}

/**
 * From now on the first output of every step is read alone; the others then side by side. Once for a
 * context, before anything is evaluated in it.
 */
export function readFirstAlone(context: LlamaContext): void {
  const native = (context as unknown as { _ctx?: Partial<Native> })._ctx;
  const { decodeBatch, sampleToken } = native ?? {};
  if (!decodeBatch || !sampleToken) {
    throw new Error('node-llama-cpp reads its outputs in another way now: see first.read.ts');
  }
  let first: Promise<unknown> | undefined;
  const decode: Native['decodeBatch'] = () => {
    first = undefined;
    return decodeBatch.call(native);
  };
  const sample: Native['sampleToken'] = async (...given) => {
    if (first) await first;
    const sampled = sampleToken.apply(native, given);
    first ??= sampled.catch(() => {}); // Whoever asked hears of it.
    return sampled;
  };
  // Its prototype's methods cannot be assigned to.
  Object.defineProperties(native, {
    decodeBatch: { value: decode },
    sampleToken: { value: sample },
  });
}
