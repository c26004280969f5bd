/** What can go wrong with a language model, for every provider and every door. */
import { SlipwayError } from './errors.js';

/** No model is served under that name. Does not go away by trying again. */
export class ModelUnknown extends SlipwayError {
  override readonly code = 'model-unknown';
  constructor(name: string, served: readonly string[]) {
    super(
      `no model "${name}" is served`,
      served.length > 0
        ? `Served are: ${served.join(', ')}.`
        : 'Serve one: slipway models pull <path | URL | hf:owner/name:file>.',
    );
  }
}

/** Prompt and wanted answer do not fit the model's context. Does not go away by trying again. */
export class ContextTooLong extends SlipwayError {
  override readonly code = 'context-length-exceeded';
  constructor(
    readonly promptTokens: number,
    readonly contextTokens: number,
  ) {
    super(
      `the prompt has ${promptTokens} tokens, and the model's context holds ${contextTokens}`,
      'Shorten the messages, or leave out earlier turns.',
    );
  }
}

/** The wish cannot be met by this model: a schema it cannot follow, an option it does not know. */
export class WishRefused extends SlipwayError {
  override readonly code = 'model-refuses';
}

/** The engine or the provider died, hung or could not be reached. Trying again may help. */
export class EngineLost extends SlipwayError {
  override readonly code = 'engine-lost';
}

/** The model is still being loaded, or failed to load. Trying again may help. */
export class ModelNotReady extends SlipwayError {
  override readonly code = 'model-not-ready';
}

/** The file is no model that we can load: malformed, cut off, or of an unknown kind. */
export class BadModelFile extends SlipwayError {
  override readonly code = 'bad-model-file';
}
