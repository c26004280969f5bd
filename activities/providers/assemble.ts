/** Another server for answers, by configuration. */
import type { Config } from '../platform/config.js';
import { RemoteModels } from './openai.adapter.js';

/** Undefined where our own engines answer. @throws {Error} that names the variable that is wrong. */
export function remoteModels(config: Config): RemoteModels | undefined {
  const { SLIPWAY_CHAT_URL: url } = config;
  if (url === '') return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new Error('SLIPWAY_CHAT_URL is no http address');
  }
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '') {
    throw new Error('SLIPWAY_CHAT_URL holds more than an address: the key goes into a file');
  }
  return new RemoteModels({
    url,
    keyFile: config.SLIPWAY_CHAT_KEY_FILE,
    apiVersion: config.SLIPWAY_CHAT_API_VERSION,
    models: config.SLIPWAY_CHAT_MODELS.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    contextTokens: config.SLIPWAY_CHAT_CONTEXT,
    slots: config.SLIPWAY_CHAT_SLOTS,
  });
}
