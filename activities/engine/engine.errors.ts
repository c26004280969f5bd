/** What an engine says no with, as the errors that everybody knows. */
import { SlipwayError } from '../platform/errors.js';
import { BadModelFile, ContextTooLong, EngineLost, WishRefused } from '../platform/model-errors.js';
import type { Refusal } from './engine.protocol.js';

/** The model does not fit beside what is there. Helps: less context, fewer slots, or room. */
export class NotEnoughMemory extends SlipwayError {
  override readonly code = 'engine-no-memory';
}

/** The GPU that was asked for is not there, or llama.cpp cannot use it. Nothing falls back to the CPU. */
export class DeviceMissing extends SlipwayError {
  override readonly code = 'engine-no-device';
}

export function errorOf(refusal: Refusal): SlipwayError {
  const { code, message } = refusal;
  switch (code) {
    case 'context-length-exceeded':
      return new ContextTooLong(refusal.promptTokens ?? 0, refusal.contextTokens ?? 0);
    case 'model-refuses':
      return new WishRefused(message, 'Change the request; the model cannot do what it asks for.');
    case 'bad-model-file':
      return new BadModelFile(
        `the model cannot be loaded: ${message}`,
        'Take a GGUF file that this version of llama.cpp knows.',
      );
    case 'no-memory':
      return new NotEnoughMemory(
        `the model does not fit into memory: ${message}`,
        'Set SLIPWAY_CHAT_CONTEXT or SLIPWAY_CHAT_SLOTS lower, or take a smaller model.',
      );
    case 'no-device':
      return new DeviceMissing(
        message,
        'Look at SLIPWAY_GPU, the driver and the libraries of the image; see docs/guides/chat.',
      );
    case 'broken':
      return lost(message);
  }
}

export function lost(how: string): EngineLost {
  return new EngineLost(`the engine ${how}`, 'Ask again; a new one is started meanwhile.');
}

export function endlessTemplate(seconds: number): BadModelFile {
  return new BadModelFile(
    `the model cannot be loaded: its chat template did not end within ${seconds} s`,
    'Take a GGUF file with another chat template.',
  );
}
