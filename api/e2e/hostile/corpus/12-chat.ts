/**
 * Bad input at every door of chat, other people's things, and words that steer the terminal of who reads.
 *
 * Left out: `/v1` (api/openai/hostile.test.ts: 10,000 tools, deep schemas, invalid UTF-8, huge bodies),
 * any body that nearly fits (api/doors.test.ts, `npm run fuzz`), frames of `/ws/chat`
 * (api/chat/sockets.test.ts), more readers than a user may have (api/platform/sse.test.ts).
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '../../harness/eventually.js';
import { asks, chatBegins, kept, mustRefuse, serves, stillAnswers, tokenOf, toy } from '../chat.js';
import { type Hostile, must } from '../entry.js';
import { isTame, STEERING } from '../steering.js';
import type { World } from '../world.js';

const SOME = '018f3c1e-7a52-7c3b-9d10-0000000000aa';
/** Doors that take a body, with a body that they would take. The conversation and the turn are there. */
const doors = ({ conversation, turn }: Talk): Record<string, object> => ({
  'POST /ask': { question: 'hello' },
  'POST /api/v1/chat/conversations': { title: 'x' },
  [`PATCH /api/v1/chat/conversations/${conversation}`]: { title: 'x' },
  [`POST /api/v1/chat/conversations/${conversation}/turns`]: { text: 'hello' },
  [`POST /api/v1/chat/turns/${turn}/edit`]: { text: 'hello' },
  [`POST /api/v1/chat/turns/${turn}/feedback`]: { thumb: 'up' },
  'POST /api/v1/assistant': { text: 'hello' },
  'POST /api/v1/tickets': { subject: 'x' },
  'PATCH /api/v1/tickets/t-1/status': { status: 'open' },
  'POST /api/v1/models/pulls': { source: 'hf:a/b:c.gguf' },
  'POST /api/v1/models/uploads': { file: 'x', sha256: 'ab'.repeat(32), bytes: 1 },
  'POST /api/v1/models/serve': { name: 'x', model: 'x' },
  'POST /api/v1/privacy/erasure': { login: 'nobody', confirm: 'nobody' },
});

/** What stands in the place of a good body. */
const BODIES: Record<string, (good: object) => Buffer | string> = {
  'a million levels': () => `${'{"a":'.repeat(170_000)}1${'}'.repeat(170_000)}`,
  'a million lists': () => '['.repeat(1_000_000),
  'bytes that are no UTF-8': (good) => bytesIn(good, Buffer.from([0xff, 0xfe, 0xc0, 0x80])),
  'half a character': (good) => withFirst(good, '\\ud800'),
  'a zero': (good) => withFirst(good, '\\u0000'),
  'a megabyte of text': (good) => withFirst(good, 'x'.repeat(1_000_000)),
  'two megabytes of text': (good) => withFirst(good, 'x'.repeat(2_000_000)),
  '10,000 tools': (good) =>
    JSON.stringify({ ...good, tools: Array.from({ length: 10_000 }, () => ({ name: 'x' })) }),
  'a prototype': (good) => `{"__proto__": ${JSON.stringify(good)}}`,
  'a list of it': (good) => JSON.stringify([good]),
  'a number': () => '1e999',
  nothing: () => '',
  'JSON that is cut off': (good) => JSON.stringify(good).slice(0, -1),
  'lists for texts': (good) =>
    JSON.stringify(Object.fromEntries(Object.keys(good).map((name) => [name, [{}]]))),
};
/** A question is cleaned of what nobody sees, and then answered: api/chat/ask.test.ts. */
const MAY_BE_CLEANED = ['a zero', 'half a character'];
const REFUSALS = [400, 413, 415, 422];

interface Talk {
  conversation: string;
  turn: string;
}

export const CHAT: Hostile[] = [
  {
    tries: 'bodies that nobody should send, at every door of chat: a typed refusal, soon',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const { token } = world.stack;
      for (const [door, good] of Object.entries(doors(await talk(world, token)))) {
        const [method = '', path = ''] = door.split(' ');
        for (const [what, of] of Object.entries(BODIES)) {
          const answer = await asks(world, token, path, { method, bytes: of(good) });
          if (path === '/ask' && MAY_BE_CLEANED.includes(what) && answer.status === 200) continue;
          mustRefuse(answer, REFUSALS, `${door} with ${what}`);
        }
      }
      must(!('polluted' in {}), 'every object was changed');
      await stillAnswers(world);
    },
  },
  {
    tries: 'one user at the conversations, answers, requests and tickets of another',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const [ada, eve] = await Promise.all(
        ['hostile-ada', 'hostile-eve'].map((login) => tokenOf(world, login, ['chat'])),
      );
      const mine = await talk(world, ada ?? '');
      const ticket = `t-${randomUUID()}`;
      const open = { id: ticket, subject: 'mine', conversationId: mine.conversation };
      await asks(world, ada ?? '', '/api/v1/tickets', { body: open });
      const before = await seen(world, ada ?? '', mine, ticket);
      for (const [door, body] of strange(mine, ticket)) {
        const [method = '', path = ''] = door.split(' ');
        const answer = await asks(world, eve ?? '', path, { method, ...(body ? { body } : {}) });
        mustRefuse(answer, [403, 404], door);
      }
      const { text } = await asks(world, eve ?? '', `/api/v1/tickets/${ticket}/exists`, {
        method: 'GET',
      });
      must(text === '{"exists":false}', `a ticket of somebody else is known: ${text}`);
      for (const path of ['/api/v1/chat/conversations', '/api/v1/tickets', '/v1/requests']) {
        const { text: list } = await asks(world, eve ?? '', path, { method: 'GET' });
        must(!list.includes(mine.conversation) && !list.includes(ticket), `${path} shows it`);
      }
      const { text: all } = await asks(world, eve ?? '', '/api/v1/privacy/export', {
        method: 'GET',
      });
      must(!all.includes('hostile-ada'), 'the export shows somebody else');
      must((await seen(world, ada ?? '', mine, ticket)) === before, 'something was changed');
    },
  },
  {
    tries: 'a stop of an answer by somebody who did not ask for it',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const ada = await tokenOf(world, 'hostile-ada', ['chat']);
      const eve = await tokenOf(world, 'hostile-eve', ['chat']);
      await kept(world, 'hostile-pages', await toy(PAGES));
      await serves(world, 'hostile-pages', 'hostile-pages');
      const body = { model: 'hostile-pages', messages: [{ role: 'user', content: 'go' }] };
      const answer = asks(world, ada, '/v1/chat/completions', { body });
      let isOver = false;
      void answer.finally(() => {
        isOver = true;
      });
      // It may be over before it was seen: then there is nothing to stop, and nobody has stopped it.
      const ids = await eventually('her request is in flight, or over', async () => {
        const { text } = await asks(world, ada, '/v1/requests', { method: 'GET' });
        const { data } = JSON.parse(text) as { data: { id: string }[] };
        return data.length > 0 || isOver ? data.map(({ id }) => id) : undefined;
      });
      for (const id of ids) {
        const stopped = await asks(world, eve, `/v1/requests/${id}/cancel`, { body: {} });
        must(stopped.status === 404, `her request was stopped: ${stopped.status} ${stopped.text}`);
      }
      const { status, text } = await answer;
      must(status === 200 && text.includes(PAGES.join('')), `her answer is cut off: ${text}`);
      await world.stack.client.models.unserve('hostile-pages', 'champion');
    },
  },
  {
    tries: 'escape sequences in titles, tickets, questions and answers that the CLI prints',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const { stack } = world;
      const subject = `x${STEERING}`;
      const { id } = await stack.client.tickets.open({ subject, body: `y\n${STEERING}` });
      await stack.client.chat.conversations.create({ title: subject });
      for (const args of [
        ['tickets', 'list'],
        ['tickets', 'show', id],
        ['tickets', 'status', id, 'closed'],
        ['ask', `what about ${STEERING}`],
        ['audit'],
      ]) {
        const { stdout, stderr } = await stack.slipway(...args);
        isTame(stdout + stderr, `slipway ${args.slice(0, 2).join(' ')}`);
      }
      const json = await stack.slipway('tickets', 'show', id, '--json');
      isTame(json.stdout, 'slipway tickets show --json');
      must(JSON.parse(json.stdout).subject === subject, '--json is not exact');
    },
  },
];

const PAGES = Array.from({ length: 400 }, (_none, page) => `page ${page}, `);

/** A conversation with one answer. */
async function talk(world: World, token: string): Promise<Talk> {
  const conversation = randomUUID();
  const id = randomUUID();
  const at = '/api/v1/chat/conversations';
  await asks(world, token, at, { body: { id: conversation, title: 'mine' } });
  const body = { id, text: 'What is a release?' };
  const said = await asks(world, token, `${at}/${conversation}/turns`, { body });
  must(said.status === 202, `nothing was said: ${said.status} ${said.text}`);
  const answer = (JSON.parse(said.text) as { answer: { id: string } }).answer.id;
  await eventually('the answer is there', async () => {
    const turn = await asks(world, token, `/api/v1/chat/turns/${answer}`, { method: 'GET' });
    return (JSON.parse(turn.text) as { status: string }).status === 'done';
  });
  return { conversation, turn: id };
}

/** All that its owner can see of it. */
async function seen(world: World, token: string, talk: Talk, ticket: string): Promise<string> {
  const at = `/api/v1/chat/conversations/${talk.conversation}`;
  const paths = [at, `${at}/turns`, `/api/v1/chat/turns/${talk.turn}`, `/api/v1/tickets/${ticket}`];
  const all = await Promise.all(paths.map((path) => asks(world, token, path, { method: 'GET' })));
  for (const { status, text } of all) must(status === 200, `its owner is answered ${text}`);
  return all.map(({ text }) => text).join('\n');
}

/** What somebody else may try with it. */
function strange({ conversation, turn }: Talk, ticket: string): [string, object?][] {
  const at = `/api/v1/chat/conversations/${conversation}`;
  return [
    [`GET ${at}`],
    [`GET ${at}/turns`],
    [`PATCH ${at}`, { title: 'hers' }],
    [`DELETE ${at}`],
    [`POST ${at}/turns`, { text: 'me too' }],
    ['POST /ask', { question: 'go on', conv_id: conversation }],
    [`GET /api/v1/chat/turns/${turn}`],
    [`GET /api/v1/chat/turns/${turn}/events`],
    [`POST /api/v1/chat/turns/${turn}/edit`, { text: 'something else' }],
    [`POST /api/v1/chat/turns/${turn}/regenerate`, {}],
    [`POST /api/v1/chat/turns/${turn}/cancel`, {}],
    [`POST /api/v1/chat/turns/${turn}/feedback`, { thumb: 'down' }],
    ['POST /api/v1/tickets', { subject: 'x', conversationId: conversation }],
    [`GET /api/v1/tickets/${ticket}`],
    [`PATCH /api/v1/tickets/${ticket}/status`, { status: 'closed' }],
    [`PUT /api/v1/tickets/${ticket}`, {}],
    ['GET /api/v1/privacy/export?login=hostile-ada'],
    ['GET /api/v1/privacy/erasures?login=hostile-ada'],
    ['POST /api/v1/privacy/erasure', { login: 'hostile-ada', confirm: 'hostile-ada' }],
    [`GET /api/v1/assistant/proposals/${SOME}`],
    ['POST /api/v1/models/serve', { name: 'default', model: 'hostile-calls' }],
    ['DELETE /api/v1/models/servings/default'],
  ];
}

/** JSON whose first text is this; written as it stands between the quotes. */
function withFirst(good: object, text: string): string {
  const [[name] = [''], ...rest] = Object.entries(good);
  const others = rest.map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${JSON.stringify(name)}:"${text}"${others.join('')}}`;
}

function bytesIn(good: object, bytes: Buffer): Buffer {
  const [before = '', after = ''] = withFirst(good, 'HERE').split('HERE');
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
}
