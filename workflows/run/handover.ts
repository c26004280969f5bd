/** What a run hands over to its next history, within what Temporal takes. Pure. */
import { packSteps } from './carry.js';
import type { Carried, Input, StepState } from './run.messages.js';
import { bytesOf, MAX_HANDOVER_BYTES } from './weight.js';

/** Of a sentence about a put-back that could not be done, characters. */
const MAX_SENTENCE_CHARS = 300;

/**
 * The next input: with everything that people are shown, or, where that is too much, with what the
 * run itself needs. Undefined when even that does not fit: then the run must go on in this history.
 */
export function handOver(
  input: Input,
  stateOf: (name: string) => StepState,
  rest: Omit<Carried, 'steps'>,
): Input | undefined {
  const notPutBack = rest.notPutBack.map((sentence) => sentence.slice(0, MAX_SENTENCE_CHARS));
  for (const depth of ['shown', 'needed'] as const) {
    const steps = packSteps(input.plan.steps, stateOf, depth);
    const next: Input = { ...input, carried: { ...rest, notPutBack, steps } };
    if (bytesOf(next) <= MAX_HANDOVER_BYTES) return next;
  }
  return undefined;
}
