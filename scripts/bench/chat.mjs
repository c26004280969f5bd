// The doors of chat under load: requests at a fixed rate, as they come in whether we keep up or not,
// and a thousand open sockets. Both loads stop by themselves.
import autocannon from 'autocannon';
import { WebSocket } from 'ws';
import { memory, processorSeconds } from './processes.mjs';
import { size } from './samples.mjs';
import { BenchStack } from './stack.mjs';

const SECONDS = 15;
/** Before that: a process that has just begun compiles its code under the first requests. */
const WARM_UP_SECONDS = 5;
const CONNECTIONS = 80;
/** Goals of the issue that the product was made for: docs/SLO.md says what they cover. */
const P95_GOAL_MS = 200;
const ERRORS_GOAL_PERCENT = 0.1;
const SOCKET_GOAL_KB = 60;
/** Who open the sockets, in turn: one person may have 500. */
const PEOPLE = 10;

export const chat = {
  /** --rate requests a second in all: cached answers, health, tickets, and refusals by quota. */
  doors: () => withStack(doors),
  /** --sockets that are open, have said who they are and joined a room. */
  sockets: () => withStack(sockets),
};

async function withStack(measure) {
  process.env.SLIPWAY_CHAT_REQUESTS_PER_MINUTE = '1000000';
  process.env.SLIPWAY_CHAT_TOKENS_PER_MINUTE = '2000'; // Cached answers use none.
  const stack = await BenchStack.start();
  try {
    return await measure(stack);
  } finally {
    await stack.end();
  }
}

async function doors(stack) {
  const rate = size('rate', 1_000);
  const json = { 'content-type': 'application/json', authorization: `Bearer ${stack.token}` };
  const question = JSON.stringify({ question: 'What is a release?' });
  const ask = { method: 'POST', path: '/ask', headers: json, body: question };
  await fetch(`${stack.url}/ask`, ask); // Made once; from then on it is cached.
  for (let n = 0; n < 50; n++) await ticket(stack, n);
  const reader = { headers: { authorization: `Bearer ${stack.token}` } };
  const kinds = {
    'cached /ask': { share: 0.3, request: ask },
    health: { share: 0.3, request: { path: '/health' } },
    tickets: { share: 0.3, request: { path: '/api/v1/tickets?limit=20', ...reader } },
    // Of a user who has nothing left: the answer is a 429, and it must be as quick.
    admission: { share: 0.1, request: await overQuota(stack), refusal: 429 },
  };
  const under = (seconds) =>
    Promise.all(
      Object.values(kinds).map(({ share, request }) =>
        autocannon({
          url: stack.url,
          connections: Math.max(1, Math.round(CONNECTIONS * share)),
          duration: seconds,
          overallRate: Math.round(rate * share),
          requests: [request],
        }),
      ),
    );
  await under(WARM_UP_SECONDS);
  const burnt = await processorSeconds(stack);
  const runs = await under(SECONDS);
  const spent = await processorSeconds(stack);
  const rows = Object.entries(kinds).flatMap(([name, { refusal }], index) => {
    const { latency, requests, errors, timeouts, statusCodeStats } = runs[index];
    const counted = (status) => statusCodeStats[status]?.count ?? 0;
    const wanted = counted(200) + (refusal ? counted(refusal) : 0); // A new minute allows some more.
    const wrong = requests.total + errors + timeouts - wanted;
    return [
      {
        name: `${name}: answer, 97.5 of 100`,
        unit: 'ms',
        samples: [latency.p97_5],
        goal: P95_GOAL_MS,
      },
      { name: `${name}: answer, median`, unit: 'ms', samples: [latency.p50] },
      {
        name: `${name}: errors`,
        unit: '%',
        samples: [(100 * wrong) / Math.max(1, requests.total)],
        goal: ERRORS_GOAL_PERCENT,
      },
    ];
  });
  const total = runs.reduce((sum, { requests }) => sum + requests.total, 0);
  return [
    {
      name: 'answers a second',
      unit: 'a second',
      samples: [total / SECONDS],
      goal: rate * 0.98,
      atLeast: true,
    },
    ...rows,
    ...['api', 'postgres'].map((part) => ({
      name: `${part} meanwhile`,
      unit: '% CPU',
      samples: [((spent[part] - burnt[part]) / SECONDS) * 100],
    })),
  ];
}

async function ticket(stack, n) {
  const answer = await fetch(`${stack.url}/api/v1/tickets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.token}` },
    body: JSON.stringify({ channel: 'web', subject: `ticket ${n}`, body: 'of the bench' }),
  });
  if (!answer.ok) throw new Error(`a ticket was answered ${answer.status}: ${await answer.text()}`);
}

/** A request of a user whose minute is used up. */
async function overQuota({ client, url }) {
  await client.users.create({ login: 'greedy', teams: [] });
  const wish = { login: 'greedy', name: 'bench', scopes: ['chat'] };
  const { token } = await client.users.createToken(wish);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const { data } = await (await fetch(`${url}/v1/models`, { headers })).json();
  const messages = [{ role: 'user', content: 'word '.repeat(300) }];
  const body = JSON.stringify({ model: data[0].id, max_tokens: 20, messages });
  const request = { method: 'POST', path: '/v1/chat/completions', headers, body };
  for (let n = 0; n < 50; n++) {
    if ((await fetch(`${url}${request.path}`, request)).status === 429) return request;
  }
  throw new Error('a user could not use up a minute with 50 requests');
}

async function sockets(stack) {
  const count = size('sockets', 1_000);
  const { id } = await stack.client.chat.conversations.create({ kind: 'room', title: 'bench' });
  const tokens = [];
  for (let n = 0; n < PEOPLE; n++) {
    const login = `person-${n}`;
    await stack.client.users.create({ login, teams: [] });
    const wish = { login, name: 'bench', scopes: ['chat'] };
    tokens.push((await stack.client.users.createToken(wish)).token);
  }
  const before = await memory(stack);
  const address = `${stack.url.replace('http', 'ws')}/ws/chat`;
  const open = [];
  const started = performance.now();
  for (let from = 0; from < count; from += 50) {
    const some = Array.from({ length: Math.min(50, count - from) }, (_each, n) =>
      join(address, tokens[n % PEOPLE], id),
    );
    open.push(...(await Promise.all(some)));
  }
  const seconds = (performance.now() - started) / 1_000;
  const after = await memory(stack);
  for (const socket of open) socket.terminate();
  return [
    {
      name: `${count} sockets: open`,
      unit: 'sockets',
      samples: [open.length],
      goal: count,
      atLeast: true,
    },
    { name: `${count} sockets: joined a second`, unit: 'sockets', samples: [count / seconds] },
    {
      name: `${count} sockets: memory of the API each`,
      unit: 'kB',
      samples: [((after.api - before.api) * 1_024) / count],
      goal: SOCKET_GOAL_KB,
    },
  ];
}

function join(address, token, conversation) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(address, 'slipway.chat.v1', { headers, perMessageDeflate: false });
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`a socket was closed with ${code}`)));
    socket.on('open', () => socket.send(JSON.stringify({ type: 'join', conversation })));
    socket.on('message', (data) => {
      if (JSON.parse(data).type === 'joined') resolve(socket);
    });
  });
}
