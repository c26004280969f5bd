/** Refusals on /v1 as OpenAI's clients read them. */
import type { Problem } from '../client/wire.js';
import type { OpenAiError } from '../client/wire.openai.js';

const PREFIX = 'urn:slipway:problem:';

/** Codes that OpenAI has a name of its own for. */
const CODES: Record<string, string> = {
  'model-unknown': 'model_not_found',
  unauthenticated: 'invalid_api_key',
  'quota-exceeded': 'rate_limit_exceeded',
  'too-many-failures': 'rate_limit_exceeded',
  'bad-input': 'invalid_value',
};

/** Fields that codes are about. */
const PARAMS: Record<string, string> = {
  'model-unknown': 'model',
  'context-length-exceeded': 'messages',
};

/** Whether errors of this address have OpenAI's shape. */
export function speaksOpenAi(url: string): boolean {
  return url.startsWith('/v1/');
}

export function openAiError({ type, status, detail, help, errors }: Problem): OpenAiError {
  const code = type.replace(PREFIX, '');
  return {
    error: {
      message: [detail, help].filter(Boolean).join('. '),
      type: typeOf(status),
      param: paramOf(errors?.[0]?.field) ?? PARAMS[code] ?? null,
      code: CODES[code] ?? code.replaceAll('-', '_'),
    },
  };
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** `messages.0.content` is `messages[0].content` there. */
function paramOf(field: string | undefined): string | undefined {
  return field ? field.replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]') : undefined;
}
