/** What the routes of /v1 say about themselves in /docs. */

import { CancelledRequest, RequestsInFlight } from '../client/wire.openai.js';
import type { Described } from '../platform/docs.js';
import { ChatCompletion, EmbeddingList, ModelList, ModelShape, TextCompletion } from './shapes.js';

const refuses = {
  404: 'No model of that name is served.',
  413: 'The body is larger than 4 MiB.',
};
const also = {
  'text/event-stream': 'With `stream: true`: chunks as `data:` lines, `[DONE]` at the end.',
};

export const described = {
  chat: {
    summary: "Answers a conversation, as OpenAI's API does",
    answer: ChatCompletion,
    also,
    refuses,
    body: { model: 'toy', messages: [{ role: 'user', content: 'Is the release ready?' }] },
  },
  text: {
    summary: "Goes on from a text, as OpenAI's older API does",
    answer: TextCompletion,
    also,
    refuses,
    body: { model: 'toy', prompt: 'Once upon a time' },
  },
  embed: {
    summary: 'Vectors of texts',
    answer: EmbeddingList,
    refuses,
    body: { model: 'toy', input: ['a text', 'another one'], encoding_format: 'float' },
  },
  models: { summary: 'The models that are served', answer: ModelList },
  model: { summary: 'One of them', answer: ModelShape, refuses: { 404: refuses[404] } },
  requests: {
    summary: "Requests in flight in this process: your own; an admin's token sees everybody's",
    answer: RequestsInFlight,
  },
  cancel: {
    summary: 'Ends a request in flight; its answer has what was made so far',
    answer: CancelledRequest,
    refuses: { 404: 'There is no such request in flight here, or it is not yours.' },
  },
} satisfies Record<string, Described>;
