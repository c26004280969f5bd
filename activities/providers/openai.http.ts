/** Requests to another server that speaks OpenAI's API: its address, its key, its refusals. */
import { readFile } from 'node:fs/promises';
import { wordsOf } from '../platform/errors.js';
import { hideSecrets } from '../platform/logging.js';
import {
  ContextTooLong,
  EngineLost,
  ModelNotReady,
  ModelUnknown,
  WishRefused,
} from '../platform/model-errors.js';
import {
  MayPass,
  type Resilience,
  resilient,
  type ServiceLimits,
  ServiceUnavailable,
} from '../platform/resilience.js';
import { WireError } from './openai.wire.js';

export interface Server {
  /** `http://127.0.0.1:11434/v1`. */
  url: string;
  /** Read for each request. Empty: none. */
  keyFile: string;
  /** Of Azure; empty elsewhere. */
  apiVersion: string;
}

/** Prompts are long, and answers slow: an attempt is over when the first token is there. */
export const SERVER_LIMITS: Partial<ServiceLimits> = {
  attemptMs: 120_000,
  callMs: 300_000,
  atOnce: 256,
  waiting: 256,
  retries: 2,
  firstPauseMs: 250,
  longestPauseMs: 4_000,
  failuresToOpen: 5,
  openMs: 60_000,
};
const MAX_WORDS = 300;
const MAX_ERROR_BYTES = 65_536;
const TOO_LONG = /context.{0,20}(length|window|size)|maximum.{0,20}tokens|too many tokens/i;

export interface Request {
  /** `/chat/completions`. */
  path: string;
  /** Of Azure: part of the address. */
  model?: string;
  body?: object;
}

/** A refusal that names a field of the request. */
export class FieldRefused extends WishRefused {
  constructor(
    message: string,
    readonly field: string,
  ) {
    super(message, 'Leave that option out, or take another model.');
  }
}

/** There is nothing at that address: the server does not offer it. */
export class NotOffered extends ModelNotReady {
  constructor(message: string) {
    super(message, 'Look at SLIPWAY_CHAT_URL: is it the address of the API?');
  }
}

export class OpenAiServer {
  private readonly door: Resilience;

  constructor(
    readonly server: Server,
    limits: Partial<ServiceLimits> = {},
  ) {
    this.door = resilient(this.name, { ...SERVER_LIMITS, ...limits });
  }

  /** For messages: without a path, which may be a person's own. */
  get name(): string {
    return new URL(this.server.url).host;
  }

  get state() {
    return this.door.state();
  }

  /**
   * What `take` makes of a good answer; `take` belongs to the attempt, and may throw MayPass.
   *
   * @throws the typed errors of models; the signal's reason.
   */
  async ask<T>(
    request: Request,
    take: (response: Response) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await this.door.call(async (ends) => {
        const response = await this.send(request, ends);
        return take(response);
      }, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.lost(error);
    }
  }

  private async send(request: Request, signal: AbortSignal): Promise<Response> {
    const key = await this.key();
    const { body } = request;
    const response = await fetch(this.address(request), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...this.credentials(key),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new MayPass(`${this.name} cannot be reached: ${wordsOf(cause)}`, { cause: error });
    });
    if (response.ok) return response;
    throw await this.refusal(response, request, key);
  }

  /** Azure's deployments are part of the address; its other doors, and everybody's, take the model's name. */
  private address({ path, model }: Request): string {
    const { url, apiVersion } = this.server;
    const base = url.replace(/\/+$/, '');
    if (apiVersion === '') return `${base}${path}`;
    const version = `?api-version=${encodeURIComponent(apiVersion)}`;
    const root = new URL(base).pathname === '/' ? `${base}/openai` : base;
    const isDeployed = root.endsWith('/openai') && model !== undefined;
    const place = isDeployed ? `/deployments/${encodeURIComponent(model)}` : '';
    return `${root}${place}${path}${version}`;
  }

  private credentials(key: string): Record<string, string> {
    if (key === '') return {};
    if (this.server.apiVersion !== '') return { 'api-key': key };
    return { authorization: `Bearer ${key}` };
  }

  private async key(): Promise<string> {
    const { keyFile } = this.server;
    if (keyFile === '') return '';
    return readFile(keyFile, 'utf8').then(
      (text) => text.trim(),
      () => {
        const help = 'Make the file of SLIPWAY_CHAT_KEY_FILE readable for the API.';
        throw new ModelNotReady(`the key for ${this.name} cannot be read`, help);
      },
    );
  }

  private async refusal(response: Response, request: Request, key: string): Promise<Error> {
    const { status } = response;
    const said = WireError.safeParse(jsonOf(await beginningOf(response))).data;
    const why = said ? `: ${safe(said.message, key)}` : '';
    const message = `${this.name} answered ${status}${why}`;
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      return new MayPass(message, { retryAfterMs: retryAfterOf(response) });
    }
    if (status === 401 || status === 403) {
      const help = 'An admin must look at the key in the file of SLIPWAY_CHAT_KEY_FILE.';
      return new ModelNotReady(`${this.name} does not let us in (${status})`, help);
    }
    if (status === 404 && request.model !== undefined) return new ModelUnknown(request.model, []);
    if (status !== 400 && status !== 413 && status !== 422) {
      return new NotOffered(message);
    }
    if (said?.code === 'context_length_exceeded' || TOO_LONG.test(said?.message ?? '')) {
      const [context = 0, wanted = 0] = (said?.message.match(/\d{3,}/g) ?? []).map(Number);
      return new ContextTooLong(wanted, context);
    }
    if (typeof said?.param === 'string' && said.param !== '') {
      return new FieldRefused(message, said.param);
    }
    return new WishRefused(message, 'Change the request, or take another model.');
  }

  private lost(error: unknown): unknown {
    const help = `Ask again in a while; if it stays so, look whether ${this.name} is well.`;
    if (error instanceof MayPass) return new EngineLost(error.message, help, { cause: error });
    if (!(error instanceof ServiceUnavailable)) return error;
    return new EngineLost(error.message, error.help, { cause: error });
  }
}

/** The words of another server, without our key and cut short. */
function safe(words: string, key: string): string {
  const hidden = key === '' ? words : words.replaceAll(key, '[hidden]');
  return hideSecrets(hidden.replace(/\s+/g, ' ')).slice(0, MAX_WORDS);
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_ERROR_BYTES) break;
    }
  } catch {
    // What came of a refusal that was cut off is enough.
  }
  return Buffer.concat(chunks).toString('utf8');
}

function retryAfterOf({ headers }: Response): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(ms)) return ms;
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
