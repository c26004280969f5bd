/**
 * Model files that are none, lie about what they are, or carry a template that wants more than to write
 * prompts. Whatever they are: the API lives, the served models stay, and there is a reason to read.
 *
 * Left out: every broken header by itself (activities/platform/gguf.test.ts), sources and redirects
 * (activities/models), one file that makes an engine abort (activities/engine/lives.test.ts).
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asks, chatBegins, kept, mustRefuse, sent, served, stillAnswers, toy } from '../chat.js';
import { type Hostile, must } from '../entry.js';
import { withLength, withNumber, withText } from '../gguf.js';
import { isTame, STEERING } from '../steering.js';
import type { World } from '../world.js';

const SAYS = 'abcdefghijklmnopqrstuvwxyz'.split('');
const ARRAY = 9;

/** No model at all, by what is wrong. */
const NONE: Record<string, (good: Buffer) => Buffer> = {
  'a program': () => Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(2_000, 1)]),
  'a header that is cut off': (good) => good.subarray(0, 700),
  'weights that are cut off': (good) => good.subarray(0, good.length - 1_000),
  'a text of 2^63 bytes': (good) => withLength(good, 'general.name', 2n ** 63n),
  'a text of 2^64 - 1 bytes': (good) => withLength(good, 'general.name', 2n ** 64n - 1n),
  'a template of 2^40 bytes': (good) => withLength(good, 'tokenizer.chat_template', 2n ** 40n),
  'a list of 2^63 tokens': (good) => withCount(good, 'tokenizer.ggml.tokens', 2n ** 63n),
  '2^63 entries': (good) => withHead(good, 16, 2n ** 63n),
  '2^40 tensors': (good) => withHead(good, 8, 2n ** 40n),
  'a header of 5 MiB that is one text': () => ofOne(8, Buffer.alloc(5_242_880, 'x')),
  '100,000 lists in each other': () => ofOne(ARRAY, nested(100_000)),
};

/** A model by its header; what it says of itself is not so. */
const LIES: Record<string, (good: Buffer) => Buffer> = {
  'context-of-2-32': (good) => withNumber(good, 'llama.context_length', 4_294_967_295),
  'layers-of-2-32': (good) => withNumber(good, 'llama.block_count', 4_294_967_295),
  'no-heads': (good) => withNumber(good, 'llama.attention.head_count', 0),
  'end-that-is-no-token': (good) => withNumber(good, 'tokenizer.ggml.eos_token_id', 4_294_967_295),
};

export const MODELS: Hostile[] = [
  {
    tries: 'files that are no models: refused by their headers, before an engine sees them',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const good = await toy(SAYS);
      for (const [what, of] of Object.entries(NONE)) {
        const name = `hostile-${what.replace(/[^a-z0-9]+/gi, '-')}`;
        const { state, failure } = await sent(world, name, of(good));
        must(state === 'failed', `${what} was taken for a model`);
        must(failure?.code === 'bad-model-file', `${what}: ${failure?.code} ${failure?.message}`);
        must(failure.help !== '', `${what}: nothing says what to do`);
        const asked = await asks(world, world.stack.token, `/api/v1/models/${name}`, {
          method: 'GET',
        });
        mustRefuse(asked, [404], what);
      }
      await stillAnswers(world);
    },
  },
  {
    tries: 'model files that lie: the engine that loads them may end, and nothing else does',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const good = await toy(SAYS);
      for (const [name, of] of Object.entries(LIES)) {
        await kept(world, name, of(good));
        const { state, reason } = await served(world, name, name);
        // Some lies do no harm; one that does has a reason, and requests for it are told so.
        must(state === 'ready' || (reason ?? '') !== '', `${name} has failed without a reason`);
        const body = { model: name, prompt: 'a', max_tokens: 2 };
        const asked = await asks(world, world.stack.token, '/v1/completions', { body });
        const wanted = state === 'ready' ? asked.status < 500 : asked.status === 503;
        must(wanted, `${name} is ${state}, and answers ${asked.status} ${asked.text}`);
        await stillAnswers(world);
        await world.stack.client.models.unserve(name, 'champion');
      }
    },
  },
  {
    tries: 'a chat template that reaches for the process around it',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const reach = `{{ ''.constructor.constructor('process.kill(process.ppid)')() }}`;
      const write = `{{ messages.constructor.constructor('process.exit(7)')() }}`;
      const name = 'hostile-template';
      const bytes = withText(await toy(SAYS), 'tokenizer.chat_template', reach + write);
      await kept(world, name, bytes);
      const { state, reason } = await served(world, name, name);
      must(state === 'ready' || (reason ?? '') !== '', 'it has failed without a reason');
      const engines = async () => (await world.stack.client.models.servings()).engines;
      const body = { model: name, messages: [{ role: 'user', content: 'go' }] };
      await asks(world, world.stack.token, '/v1/chat/completions', { body });
      const mine = (await engines()).find(({ model }) => model === name);
      must(mine === undefined || mine.restarts === 0, 'the template has ended its engine');
      await stillAnswers(world);
      await world.stack.client.models.unserve(name, 'champion');
    },
  },
  {
    tries: 'files of the machine as models: the API takes no path, and keeps nothing that is none',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const { token, slipway } = named(world);
      const paths = ['/etc/passwd', 'file:///etc/passwd', '../token', 'data:,x', 'hf:../..:token'];
      for (const source of paths) {
        const asked = await asks(world, token, '/api/v1/models/pulls', { body: { source } });
        mustRefuse(asked, [400], source);
      }
      const folder = await mkdtemp(join(tmpdir(), 'slipway-hostile-link-'));
      const link = join(folder, 'link.gguf');
      await symlink(join(world.canary, 'secret'), link);
      // A person may send any file that they can read; what is no model is dropped, and never shown.
      const pulled = await slipway('models', 'pull', link, '--name', 'hostile-link');
      await rm(folder, { recursive: true, force: true });
      must(pulled.code === 1, `a link to a text was taken:\n${pulled.stdout}${pulled.stderr}`);
      world.isSilent(pulled.stdout + pulled.stderr, 'slipway models pull');
      const device = await slipway('models', 'pull', '/dev/zero');
      must(device.code === 2, `an endless file was read:\n${device.stderr}`);
      world.isSilent((await slipway('models', 'list')).stdout, 'slipway models list');
    },
  },
  {
    tries: 'escape sequences in what a model file is called and says of itself',
    heldBy: 'chat',
    happens: async (world) => {
      await chatBegins(world);
      const { slipway } = named(world);
      const good = await toy([...SAYS, '0']);
      const file = `${STEERING.replaceAll('/', ':')}.gguf`;
      const { state, failure } = await sent(world, 'hostile-name', good, file);
      must(state === 'done', `it was not taken: ${failure?.message}`);
      const odd = withText(good, 'general.architecture', '\u001b[2Jx');
      await sent(world, 'hostile-kind', odd);
      for (const args of [['list'], ['show', 'hostile-name']]) {
        const { stdout, stderr } = await slipway('models', ...args);
        isTame(stdout + stderr, `slipway models ${args.join(' ')}`);
      }
    },
  },
];

function named(world: World) {
  return {
    token: world.stack.token,
    slipway: (...args: string[]) => world.stack.slipway(...args),
  };
}

function withHead(file: Buffer, at: number, count: bigint): Buffer {
  const copy = Buffer.from(file);
  copy.writeBigUInt64LE(count, at);
  return copy;
}

/** The length of a list stands behind the type of its items. */
function withCount(file: Buffer, key: string, count: bigint): Buffer {
  const copy = Buffer.from(file);
  const at = copy.indexOf(key);
  must(at >= 0, `the file says nothing of ${key}`);
  copy.writeBigUInt64LE(count, at + key.length + 8);
  return copy;
}

/** A header with one entry of this type: what follows is its value, without a length of its own for lists. */
function ofOne(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(24);
  head.write('GGUF', 'latin1');
  head.writeUInt32LE(3, 4);
  head.writeBigUInt64LE(1n, 16);
  const entry = Buffer.alloc(13);
  entry.writeBigUInt64LE(1n);
  entry.write('x', 8, 'latin1');
  entry.writeUInt32LE(type, 9);
  if (type === ARRAY) return Buffer.concat([head, entry, value]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([head, entry, length, value]);
}

function nested(levels: number): Buffer {
  const level = Buffer.alloc(12);
  level.writeUInt32LE(ARRAY);
  level.writeBigUInt64LE(1n, 4);
  return Buffer.concat(Array.from({ length: levels }, () => level));
}
