/** Where news come from here, by configuration. */
import type { Config } from '../platform/config.js';
import { NewsApi, NoNews } from './news.adapter.js';

/** @throws {Error} that names the variable that is wrong. */
export function newsParts(
  config: Pick<Config, 'SLIPWAY_NEWS_URL' | 'SLIPWAY_NEWS_KEY_FILE'>,
): NewsApi | NoNews {
  const { SLIPWAY_NEWS_URL: url, SLIPWAY_NEWS_KEY_FILE: keyFile } = config;
  if (keyFile === '') return new NoNews();
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new Error('SLIPWAY_NEWS_URL is no http address');
  }
  return new NewsApi({ url, keyFile });
}
