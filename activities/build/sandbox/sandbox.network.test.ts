import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxStand } from './sandbox.testing.js';

let stand: SandboxStand;
/** Stands for a stage, and for every other service of this machine. */
let server: Server;
let port: number;
beforeAll(async () => {
  stand = await SandboxStand.open();
  server = createServer((request, response) => response.end(`you asked for ${request.url}`));
  server.on('upgrade', (_request, socket, head) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    socket.write(head);
    socket.pipe(socket);
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  stand.logs.written.length = 0;
});
afterAll(async () => {
  await stand.close();
  server.closeAllConnections();
  server.close();
});

/** A command that says whether something answers there: bash connects by itself. */
const tryAt = (host: string, at: number) =>
  `if (exec 3<>/dev/tcp/${host}/${at}) 2>/dev/null; then echo open; else echo closed; fi`;

async function isOpenHere(host: string): Promise<boolean> {
  const socket = connect({ host, port });
  return once(socket, 'connect').then(
    () => Boolean(socket.destroy()),
    () => false,
  );
}

const ownAddress = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

describe('the network of a step', () => {
  it.each(['127.0.0.1', 'localhost', '10.0.2.2', '10.0.2.3', '10.0.2.1', '0.0.0.0'])(
    'does not reach our loopback, at %s',
    async (host) => {
      expect(await isOpenHere('127.0.0.1')).toBe(true);
      await stand.run([tryAt(host, port)]);
      expect(stand.logs.text('stdout')).toBe('closed\n');
    },
  );

  it('does not reach this machine’s other addresses, nor those where clouds tell secrets', async () => {
    const host = ownAddress ?? '169.254.169.254';
    if (ownAddress) expect(await isOpenHere(host)).toBe(true);
    await stand.run([tryAt(host, port), tryAt('169.254.169.254', 80)]);
    expect(stand.logs.text('stdout')).toBe('closed\nclosed\n');
  });

  it('has a way out, and a loopback of its own', async () => {
    const serve = `require('net').createServer((s) => s.end('mine')).listen(${port}, '127.0.0.1')`;
    await stand.run([
      'grep -c "^tap0.00000000" /proc/net/route',
      `node -e "${serve}" & until (cat </dev/tcp/127.0.0.1/${port}) 2>/dev/null; do sleep 0.05; done`,
    ]);
    expect(stand.logs.text('stdout')).toBe('1\nmine');
  });

  it('is nothing at all where the step asks for none', async () => {
    await stand.run(['tail -n +3 /proc/net/dev | cut -d: -f1', tryAt('127.0.0.1', port)], {
      network: 'none',
    });
    expect(stand.logs.text('stdout').trim()).toMatch(/^lo\s+closed$/);
  });

  it('is no one else’s: steps at the same time do not meet', async () => {
    const workspaces = await Promise.all([1, 2, 3].map(() => stand.workspace()));
    const command = 'readlink /proc/self/ns/net; until [ -e go ]; do sleep 0.05; done';
    const running = workspaces.map((workspace) => stand.run([command], { workspace }));
    const seen = () => stand.logs.text('stdout').trim().split('\n');
    while (seen().length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all(workspaces.map(({ home }) => writeFile(join(home, 'go'), '')));
    await Promise.all(running);
    expect(new Set(seen()).size).toBe(3);
  });

  it('is handed on without what the step before left in it', async () => {
    const workspace = await stand.workspace();
    const network = 'readlink /proc/self/ns/net';
    await stand.run([network, 'setsid sleep 60 & (exec -a x nc -l 1234 || :) & sleep 0.1'], {
      workspace,
    });
    await stand.run([network, tryAt('127.0.0.1', 1234), 'ls -d /proc/[0-9]* | wc -l'], {
      workspace,
    });
    const [first, second, door, count] = stand.logs.text('stdout').trim().split('\n');
    expect(first).toMatch(/^net:/);
    expect(second).toMatch(/^net:/);
    expect(door).toBe('closed');
    expect(Number(count)).toBeLessThan(6);
  });
});

describe.each(['default', 'none'] as const)('a check step, network %s', (network) => {
  const check = (commands: string[]) =>
    stand.run(commands, { network, stageUrl: `http://127.0.0.1:${port}/` });

  it('reaches its stage at its URL', async () => {
    const get = `fetch('http://127.0.0.1:${port}/a').then((r) => r.text()).then(console.log)`;
    await check([`node -e "${get}"`]);
    expect(stand.logs.text('stdout')).toBe('you asked for /a\n');
  });

  it('speaks to it on for as long as it likes, as WebSockets do', async () => {
    await check([
      `exec 3<>/dev/tcp/127.0.0.1/${port}`,
      'printf "GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n" >&3',
      'while read -r line <&3 && [ "$line" != $\'\\r\' ]; do :; done',
      'for word in one two three; do echo "$word" >&3; read -r answer <&3; echo "$answer"; done',
    ]);
    expect(stand.logs.text('stdout')).toBe('one\ntwo\nthree\n');
  });

  it('reaches no other port of this machine', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    await check([tryAt('127.0.0.1', (other.address() as AddressInfo).port)]);
    other.close();
    expect(stand.logs.text('stdout')).toBe('closed\n');
  });

  it('is the only one that does: the door is shut behind it', async () => {
    await check([tryAt('127.0.0.1', port)]);
    await stand.run([tryAt('127.0.0.1', port)], { network });
    expect(stand.logs.text('stdout')).toBe('open\nclosed\n');
  });

  it('meets a closed door when its stage is away', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port: at } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const get = `fetch('http://127.0.0.1:${at}').catch((e) => console.log(e.message))`;
    await stand.run([`node -e "${get}"`], { network, stageUrl: `http://127.0.0.1:${at}` });
    expect(stand.logs.text('stdout')).toBe('fetch failed\n');
  });
});
