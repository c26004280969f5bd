// One of everything that the examples of the document name, so that requests meet something.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chainToy } from '../../dist/activities/engine/toy/toy.js';
import { createStore } from '../../dist/activities/store/store.js';
import { names } from '../../dist/api/platform/examples.js';

/** Of the examples: api/chat/examples.ts. */
const QUESTION = names['turns id/edit'];
const ANSWER = names['turns id'];
const CONVERSATION = names['conversations id'];
const ANSWERED = ['done', 'failed', 'cancelled'];

export async function fill(stack) {
  await delivered(stack);
  await served(stack);
  await said(stack);
  await proposed(stack);
  const { client } = stack;
  await client.tickets.open({ id: names['tickets id'], subject: 'The search page is slow' });
  await client.users.create({ login: names.login, teams: [] });
  await client.models.upload({ file: 'mine.gguf', sha256: 'ab'.repeat(32), bytes: 1_000 });
}

/** A run with a gate, a release, a stage. */
async function delivered(stack) {
  const pipeline = `version: 1
name: chat-app
on: { push: {}, manual: {} }
steps:
  test: { run: [node --check server.mjs] }
  app: { needs: [test], build: { kind: archive, paths: [server.mjs], command: node server.mjs } }
  staging: { needs: [app], deploy: { release: [app], stage: staging } }
  approve: { needs: [staging], approve: { stage: production } }
`;
  const server = `import { createServer } from 'node:http';
createServer((_request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1');
`;
  const files = { 'server.mjs': server, '.slipway/pipeline.yaml': pipeline };
  const clone = await stack.repository('chat-app', { main: files });
  clone.remove();
  const answer = { answer: 'approve', reason: 'it serves' };
  await stack.client.approvals.answer('chat-app-1', 'approve', answer);
  const { status, reason } = await stack.finalRun('chat-app-1');
  if (status !== 'succeeded') throw new Error(`the first run is ${status}: ${reason}`);
}

/** A real file in a real engine, under the names of the examples. */
async function served({ client }) {
  const bytes = chainToy({ says: 'abcdefghijklmnopqrstuvwxyz'.split('') });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const model = names['models name'];
  const wish = { name: model, file: 'small.gguf', sha256, bytes: bytes.length };
  let pull = await client.models.upload(wish);
  await client.models.sendPiece(pull.id, 0, bytes);
  while (pull.state !== 'done') {
    pull = await client.models.getPull(pull.id);
    if (pull.failure) throw new Error(`the model was not taken: ${pull.failure.message}`);
  }
  for (const name of ['default', names['models model']]) await client.models.serve({ name, model });
  for (;;) {
    const { items } = await client.models.servings();
    if (items.every(({ state }) => state === 'ready')) return;
    const failed = items.find(({ state }) => state === 'failed');
    if (failed) throw new Error(`the model is not served: ${failed.reason}`);
  }
}

/** A conversation with a question and two answers to it; the ids are chosen by who asks. */
async function said({ client }) {
  await client.chat.conversations.create({ id: CONVERSATION, title: 'Why is staging red?' });
  const first = { id: QUESTION, text: 'Why is staging red?' };
  const { answer } = await client.chat.conversations.say(CONVERSATION, first);
  await answered(client, answer.id);
  await client.chat.turns.regenerate(QUESTION, { id: ANSWER });
  await answered(client, ANSWER);
}

async function answered(client, id) {
  for await (const { event } of client.chat.turns.events(id)) if (event === 'done') break;
  const { status } = await client.chat.turns.get(id);
  if (!ANSWERED.includes(status)) throw new Error(`the answer is ${status}`);
}

/** Written into the record: a toy proposes nothing. */
async function proposed({ home }) {
  const api = JSON.parse(readFileSync(join(home, 'stack.json'), 'utf8')).find(
    ({ name }) => name === 'api',
  );
  const variables = readFileSync(`/proc/${api.pid}/environ`, 'utf8').split('\0');
  const url = variables.find((each) => each.startsWith('DATABASE_URL=')).slice(13);
  const store = await createStore({ url, poolSize: 1 });
  const actions = [{ action: 'start-run', repository: 'chat-app' }];
  await store.proposals.add({ id: names['proposals id'], by: 'admin', actions, seconds: 86_400 });
  await store.close();
}
