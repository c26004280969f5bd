/** What the typed client asks of /v1; for the rest there are OpenAI's own clients. */
import type { Http } from './http.js';
import { CancelledRequest, RequestsInFlight } from './wire.openai.js';

export function requests(http: Http) {
  return {
    inFlight: () => http.json(RequestsInFlight, '/v1/requests'),
    cancel: (id: string) =>
      http.json(CancelledRequest, `/v1/requests/${encodeURIComponent(id)}/cancel`, {
        method: 'POST',
        body: {},
      }),
  };
}
