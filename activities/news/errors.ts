/** Why there is no news. Whoever asked goes on without. */
import { SlipwayError } from '../platform/errors.js';

export class NewsUnavailable extends SlipwayError {
  override readonly code = 'news-unavailable';
}
