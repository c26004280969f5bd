/**
 * A door to the stage under test: the one address of this machine's loopback that a step may reach.
 *
 * In the cell a small program listens at the stage's own address and hands each connection through a
 * socket in the file system, which knows no network namespaces, to this process, which connects to the
 * stage. Bytes are passed on as they are, so WebSockets work, too.
 */
import { chown, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { Owner } from '../build.ports.js';
import type { Launcher } from '../launcher.js';
import { send } from '../processes.js';
import { quoted } from '../quoted.js';
import type { Cell } from './cell.js';

/** Connections at once; more are refused. */
const MAX_CONNECTIONS = 1_000;
/** Longest wait for the program in the cell, milliseconds. */
const OPENING_LIMIT_MS = 20_000;

/** Plain JavaScript for Node. Its arguments: the port to listen on, the socket to connect to. */
const PROGRAM = `
const { connect, createServer } = require('node:net');
const { pipeline } = require('node:stream');
const [port, path] = process.argv.slice(1);
const server = createServer({ allowHalfOpen: true }, (step) => {
  const stage = connect({ path, allowHalfOpen: true });
  pipeline(step, stage, step, () => {});
});
server.listen(Number(port), '127.0.0.1', () => console.log('open'));
`;

export interface Door {
  close(): void;
}

let doors = 0;

/** The port that a URL names on our loopback; undefined when it names another machine. */
export function loopbackPort(stageUrl: string | undefined): number | undefined {
  const url = stageUrl === undefined ? null : URL.parse(stageUrl);
  if (url === null || !['127.0.0.1', 'localhost'].includes(url.hostname)) return undefined;
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}

/** @throws {Error} when it cannot be opened in time. */
export async function openDoor(
  cell: Cell,
  port: number,
  { launcher, owner }: { launcher: Launcher; owner: Owner | undefined },
): Promise<Door> {
  const path = join(launcher.pipes.folder, `door-${++doors}`);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (step) => {
    const stage = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [step, stage]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    pipeline(step, stage, step, () => {});
  });
  server.maxConnections = MAX_CONNECTIONS;
  let group: number | undefined;
  const close = () => {
    if (group !== undefined) {
      send(-group, 'SIGKILL');
      cell.drop(group);
    }
    server.close();
    for (const socket of sockets) socket.destroy();
    void rm(path, { force: true });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, resolve);
    });
    if (owner) await chown(path, owner.uid, owner.gid);
    const argv = [process.execPath, '-e', PROGRAM, `${port}`, path];
    const program = await cell.start(`exec ${argv.map((each) => quoted(each)).join(' ')}`);
    group = program.group;
    await opens(program);
    return { close };
  } catch (error) {
    close();
    throw error;
  }
}

async function opens(program: Awaited<ReturnType<Cell['start']>>): Promise<void> {
  let said = '';
  program.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-500);
  });
  const late = AbortSignal.timeout(OPENING_LIMIT_MS);
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new Error(`the way to the stage cannot be opened: ${said}`));
    program.stdout.once('data', () => resolve());
    program.ended.then(fail, fail);
    late.onabort = fail;
  });
}
