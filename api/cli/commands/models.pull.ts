/** `models pull`: the API fetches an address; a file of this machine is sent to it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '../../client/client.js';
import type { Pull } from '../../client/wire.models.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { CliError, EXIT, type ExitCode } from '../exit.js';
import type { Context, Result } from '../io.js';
import { present } from '../options.js';
import { patiently } from '../patience.js';
import { type Progress, progress, size } from '../progress.js';

export interface PullOptions {
  name?: string;
  sha256?: string;
  replace?: boolean;
}

const POLL_MS = 300;
/** Of a file, in one request: it must come within a minute also on a slow line. Bytes (4 MiB). */
const PIECE_BYTES = 4_194_304;
/** An API that was started again is asked again this often. */
const MAX_AGAIN = 50;
/** What no further attempt changes. */
const SAYS_NO = ['checksum-mismatch', 'bad-model-file', 'source-refused', 'model-name-taken'];

interface Pulling extends Context {
  client: Client;
  shown: Progress;
  /** Begins it, or goes on. Repeatable. */
  begin: () => Promise<Pull>;
}

export async function pullCommand(
  context: Context,
  { args, options }: Given<PullOptions>,
): Promise<Result> {
  const [source = ''] = args;
  const client = await connect(context);
  const shown = await progress(context);
  try {
    const pull = /^(https?:\/\/|hf:)/i.test(source)
      ? await remote({ ...context, client, shown }, source, options)
      : await local({ ...context, client, shown }, source, options);
    return result(context, pull, source);
  } finally {
    shown.end();
  }
}

async function remote(
  pulling: Omit<Pulling, 'begin'>,
  source: string,
  { name, sha256, replace }: PullOptions,
): Promise<Pull> {
  const wish = { source, ...present({ name, sha256, replace }) };
  const begin = () => pulling.client.models.pull(wish);
  return follow({ ...pulling, begin }, await begin());
}

async function local(
  pulling: Omit<Pulling, 'begin'>,
  source: string,
  { name, sha256: wanted, replace }: PullOptions,
): Promise<Pull> {
  const { client, io } = pulling;
  const path = resolve(io.cwd, source);
  const about = await stat(path).catch(() => undefined);
  if (!about?.isFile()) {
    const help = 'A source is a file, a URL with http or https, or hf:owner/name:file.gguf.';
    throw new CliError(EXIT.usage, `there is no file "${source}"`, help);
  }
  const sha256 = await digestOf(pulling, path, about.size);
  if (wanted !== undefined && wanted.toLowerCase() !== sha256) {
    const message = `the sha256 of "${source}" is ${sha256}; nothing was sent`;
    throw new CliError(EXIT.no, message, 'Look whether this is the file that you mean.');
  }
  const file = basename(path);
  const wish = { file, sha256, bytes: about.size };
  const begin = () => client.models.upload({ ...wish, ...present({ name, replace }) });
  return send({ ...pulling, begin }, path, await begin());
}

/** Sends what is not there yet; after a cut the API says how far it came. */
async function send(pulling: Pulling, path: string, begun: Pull): Promise<Pull> {
  const { client, io, shown, begin } = pulling;
  const file = await open(path, 'r');
  let pull = begun;
  try {
    while (pull.state === 'waiting' && !io.interrupted.aborted) {
      const { bytesRead, buffer } = await file.read(
        Buffer.alloc(PIECE_BYTES),
        0,
        PIECE_BYTES,
        pull.bytes,
      );
      if (bytesRead === 0)
        throw new CliError(EXIT.usage, 'the file became shorter', 'Pull it again.');
      const { id, bytes } = pull;
      const piece = buffer.subarray(0, bytesRead);
      pull = await client.models.sendPiece(id, bytes, piece).catch(async (error: unknown) => {
        if (!mayPass(error)) throw error;
        return (await patiently(io, begin)) ?? Promise.reject(error);
      });
      shown.show(`sending ${pull.name}`, pull.bytes, pull.totalBytes);
    }
  } finally {
    await file.close();
  }
  return follow(pulling, pull);
}

/** Until nothing happens to it any more, or Ctrl-C, which does not stop it. */
async function follow(pulling: Pulling, begun: Pull): Promise<Pull> {
  const { client, io, shown, begin } = pulling;
  let pull = begun;
  for (let again = 0; !io.interrupted.aborted; ) {
    shown.show(`${pull.state} ${pull.name}`, pull.bytes, pull.totalBytes);
    if (pull.state === 'done' || pull.state === 'failed' || pull.state === 'waiting') break;
    if (pull.state === 'stopped' && again++ >= MAX_AGAIN) break;
    await wait(POLL_MS, undefined, { signal: io.interrupted }).catch(() => undefined);
    if (io.interrupted.aborted) break;
    const next = pull.state === 'stopped' ? begin : () => client.models.getPull(pull.id);
    pull = (await patiently(io, next)) ?? pull;
  }
  return pull;
}

function result({ io }: Context, pull: Pull, source: string): Result {
  const { name, digest, state, failure, bytes, totalBytes } = pull;
  if (state === 'done') {
    const lines = [
      `${name} is stored: ${size(bytes)}, ${digest}`,
      `Serve it: slipway models serve ${name}`,
    ];
    return { code: EXIT.good, json: pull, lines };
  }
  if (failure) {
    io.err(failure.message);
    io.err(failure.help);
    return { code: codeOf(failure.code), json: pull, lines: [] };
  }
  const far = totalBytes === null ? size(bytes) : `${size(bytes)} of ${size(totalBytes)}`;
  const goesOn = state === 'fetching' || state === 'checking';
  io.err(
    goesOn
      ? `left at ${far}; the API goes on, "slipway models list" shows it`
      : `stopped at ${far}; "slipway models pull ${source}" goes on from there`,
  );
  return { code: EXIT.waiting, json: pull, lines: [] };
}

function codeOf(code: string): ExitCode {
  return SAYS_NO.includes(code) ? EXIT.no : EXIT.errored;
}

async function digestOf({ io, shown }: Omit<Pulling, 'begin'>, path: string, bytes: number) {
  const hash = createHash('sha256');
  let read = 0;
  const chunks = createReadStream(path, { highWaterMark: 1_048_576, signal: io.interrupted });
  try {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      hash.update(chunk);
      read += chunk.length;
      shown.show(`reading ${basename(path)}`, read, bytes);
    }
  } catch (error) {
    if (!io.interrupted.aborted) throw error;
    throw new CliError(EXIT.no, 'given up; nothing was sent', 'Pull it again when you like.');
  }
  return hash.digest('hex');
}

/** The API is away or was started again, or has other bytes than we thought: it is asked how far it is. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { status, problem } = error as { status?: number; problem?: { type?: string } };
  const isCut = error.name === 'Unreachable' || status === 503 || status === 408;
  return isCut || /:(wrong-offset|pull-elsewhere)$/.test(problem?.type ?? '');
}
