/** One small conversation that the examples of /docs tell. */
const at = '2026-11-20T09:30:00.000Z';
const id = (last: number) => `018f3c1e-7a52-7c3b-9d10-0000000000${String(last).padStart(2, '0')}`;

export const conversation = {
  id: id(1),
  kind: 'private',
  owner: 'ada',
  title: 'Why is staging red?',
  retention: 'default',
  position: 4,
  createdAt: at,
  updatedAt: at,
};
export const question = {
  id: id(2),
  conversationId: conversation.id,
  parentId: null,
  role: 'user',
  by: 'ada',
  status: 'done',
  text: 'Why is staging red?',
  position: 1,
  attempt: 0,
  meta: {},
  failure: null,
  createdAt: at,
  finishedAt: at,
};
export const openAnswer = {
  ...question,
  id: id(3),
  parentId: question.id,
  role: 'assistant',
  status: 'queued',
  text: '',
  position: 2,
  attempt: 1,
  finishedAt: null,
};
export const answer = {
  ...openAnswer,
  status: 'done',
  text: 'Its integration tests could not reach the database.',
  position: 4,
  meta: {
    model: 'chat',
    toy: false,
    finish: 'stop',
    usage: { promptTokens: 48, cachedTokens: 40, completionTokens: 11 },
  },
  finishedAt: at,
};
