/** A "no" on its way out of the engine. */
import type { Refusal } from '../engine.protocol.js';

export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

/** The wish asks for what this engine cannot do. */
export function refuse(message: string): Refused {
  return new Refused({ code: 'model-refuses', message });
}

export function tooLong(promptTokens: number, contextTokens: number): Refused {
  const message = `the prompt has ${promptTokens} tokens, the context ${contextTokens}`;
  return new Refused({ code: 'context-length-exceeded', message, promptTokens, contextTokens });
}
