/** What can go wrong with the second level where it must not be passed over in silence. */
import { SlipwayError } from '../platform/errors.js';

/** Something was to be forgotten, and the second level cannot be reached. */
export class CacheUnavailable extends SlipwayError {
  override readonly code = 'cache-unavailable';
  constructor(cause: unknown) {
    super(
      'the second level of the cache cannot be reached, and may still hold what was to be forgotten',
      'Check Redis or Valkey at SLIPWAY_REDIS_URL, and ask again; what it holds expires by itself.',
      { cause },
    );
  }
}
