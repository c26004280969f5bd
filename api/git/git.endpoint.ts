/** Git's smart HTTP under `/git/NAME.git`: fetch and push with any git client. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { wordsOf } from '../../activities/platform/errors.js';
import type { User } from '../platform/auth.js';
import { HEADERS } from '../platform/headers.js';
import type { Log } from '../platform/log.js';
import { ComeBack, Departures } from '../platform/pace.js';
import { type BackendEnd, serve } from './backend.js';
import { isCompressed, toEnvironment } from './cgi.js';
import { type AccessParts, admit, GitRefusal, type Service, toRefusal } from './git.access.js';
import { MAX_BODY_BYTES } from './git.settings.js';
import { answerHooks } from './hook.channel.js';
import { Housekeeping } from './housekeeping.js';
import { type PushParts, PushSession } from './push.session.js';

/** A fetch may take this long, and a push until its runs are told, milliseconds (15 min; 5 h). */
const FETCH_LIMIT_MS = 900_000;
const PUSH_LIMIT_MS = 18_000_000;
/** Requests that are served at once. */
const MAX_AT_ONCE = 200;
/** What a fetch may ask with, bytes (8 MiB). `git http-backend` takes 10, and has no words for more. */
const MAX_FETCH_BYTES = 8_388_608;
/** Of a body whose length was not announced: what may come beside the pack. */
const HEADROOM_BYTES = 2_097_152;
/** A body of which nothing comes for this long is cut off, milliseconds. */
const BODY_IDLE_LIMIT_MS = 120_000;
/** How long what is being served may go on when the process ends. */
const GRACE_MS = 5_000;

export interface EndpointParts extends AccessParts, Omit<PushParts, keyof AccessParts> {
  /** Git's environment, of `setUpGit`. */
  env: NodeJS.ProcessEnv;
  log: Log;
  /** Default 512 MiB. */
  maxBodyBytes?: number;
  /** Default 120,000. */
  bodyIdleLimitMs?: number;
  /** Requests that are served at once. Default 200. */
  maxAtOnce?: number;
}

interface Asked {
  name: string;
  service: Service;
  /** `/info/refs` or the service itself. */
  path: string;
}

export class GitEndpoint {
  private readonly sessions = new Set<PushSession>();
  private readonly served = new Set<Promise<void>>();
  private readonly ending = new AbortController();
  private readonly departures = new Departures();
  private readonly comeBack = new ComeBack();

  private readonly housekeeping: Housekeeping;

  constructor(private readonly parts: EndpointParts) {
    this.housekeeping = new Housekeeping(parts.repositories, parts.log);
  }

  /** Bodies are not parsed and errors are plain text here, unlike everywhere else. */
  register(fastify: FastifyInstance): void {
    void fastify.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
      scope.route({
        method: ['GET', 'POST'],
        url: '/git/*',
        config: { slipwayOwnAuth: true },
        handler: (request, reply) => this.handle(request, reply),
      });
      done();
    });
  }

  /** Pushes that are being told end their words, their runs go on; what is still served is ended. */
  async stop(): Promise<void> {
    for (const session of this.sessions) session.leave();
    const timer = setTimeout(() => this.ending.abort(), GRACE_MS);
    await Promise.all(this.served);
    clearTimeout(timer);
  }

  private handle(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const served = this.answer(request, reply.raw).finally(() => {
      this.served.delete(served);
      this.departures.left();
    });
    this.served.add(served);
  }

  private async answer({ raw, ip }: FastifyRequest, response: ServerResponse): Promise<void> {
    try {
      const asked = parseAddress(raw.method ?? '', raw.url ?? '');
      if (!asked) throw new GitRefusal(404, 'Ask a git client: only smart HTTP is served here.');
      if (this.served.size >= this.maxAtOnce) {
        throw this.tooMany();
      }
      const user = await admit(this.parts, raw.headers.authorization, { ...asked, address: ip });
      if (Number(raw.headers['content-length'] ?? 0) > this.maxBodyBytes) {
        throw this.tooLarge(asked);
      }
      const end = await this.serve(raw, response, { ...asked, user });
      if (end.how === 'tooLarge') throw this.tooLarge(asked);
      if (end.how === 'broken') throw new Error(`git http-backend broke: ${end.stderr.trim()}`);
    } catch (error) {
      this.refuse(error, raw, response);
    }
  }

  private async serve(
    raw: IncomingMessage,
    response: ServerResponse,
    { name, service, path, user }: Asked & { user: User },
  ): Promise<BackendEnd> {
    const isPush = raw.method === 'POST' && service === 'git-receive-pack';
    const session = isPush ? this.open(name, user, response) : undefined;
    const { headers, method = 'GET' } = raw;
    if (method === 'POST') hurry(raw, this.parts.bodyIdleLimitMs ?? BODY_IDLE_LIMIT_MS);
    const cgi = {
      method,
      headers,
      path: `/${name}.git${path}`,
      query: path === '/info/refs' ? `service=${service}` : '',
      login: user.login,
      root: this.parts.repositories.folder,
    };
    let byItself = false;
    try {
      const body = bodyOf(raw);
      const end = await serve({
        env: { ...this.parts.env, ...toEnvironment(cgi) },
        body,
        response,
        // Git itself knows better words for a pack that is too big: it comes first.
        maxBodyBytes: isPush ? this.maxBodyBytes + HEADROOM_BYTES : MAX_FETCH_BYTES,
        limitMs: isPush ? PUSH_LIMIT_MS : FETCH_LIMIT_MS,
        signal: this.ending.signal,
        ...(session && {
          hooks: (line) =>
            answerHooks(
              line,
              (call, say) => session.answer(call, say),
              (err) => this.parts.log.error({ err, repository: name }, 'a hook found a bug'),
            ),
        }),
      });
      ({ byItself } = end);
      if (end.how === 'broken' && body !== raw && body.errored) throw damagedBody();
      return end;
    } finally {
      if (session) {
        await session.end(byItself);
        this.sessions.delete(session);
        this.housekeeping.pushed(name);
      }
    }
  }

  private open(repository: string, { login }: User, response: ServerResponse): PushSession {
    const session = new PushSession(this.parts, { repository, login });
    this.sessions.add(session);
    response.once('close', () => session.leave());
    return session;
  }

  private refuse(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    const refusal = toRefusal(error);
    const { status, message, retryAfterSeconds } = refusal;
    if (refusal !== error) {
      const detail = wordsOf(error);
      this.parts.log.warn({ status, detail, url: request.url }, 'the git endpoint refused');
    }
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // What the client still sends is not read: the connection ends with this answer.
    response.writeHead(status, {
      ...HEADERS,
      'content-type': 'text/plain; charset=utf-8',
      connection: 'close',
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="slipway", charset="UTF-8"' } : {}),
      ...(status === 429 || status === 503 ? { 'retry-after': String(retryAfterSeconds) } : {}),
    });
    response.end(`${message}\n`);
  }

  private get maxBodyBytes(): number {
    return this.parts.maxBodyBytes ?? MAX_BODY_BYTES;
  }

  private get maxAtOnce(): number {
    return this.parts.maxAtOnce ?? MAX_AT_ONCE;
  }

  /** Git itself does not come back by itself: a person reads when it makes sense. */
  private tooMany(): GitRefusal {
    const perSecond = this.departures.perSecond();
    const seconds = this.comeBack.seconds({ ahead: 1, perSecond });
    const message = `${this.maxAtOnce} fetches and pushes are served already; try again in ${seconds} s.`;
    return new GitRefusal(503, message, seconds);
  }

  private tooLarge({ service }: Asked): GitRefusal {
    if (service === 'git-upload-pack') {
      return new GitRefusal(413, `A fetch may ask with ${inMib(MAX_FETCH_BYTES)} MiB; clone anew.`);
    }
    const mib = inMib(this.maxBodyBytes);
    return new GitRefusal(
      413,
      `A push may have ${mib} MiB; push in parts, or keep big files elsewhere.`,
    );
  }
}

function damagedBody(): GitRefusal {
  return new GitRefusal(400, 'The body is not what its Content-Encoding says: send it again.');
}

function inMib(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

/** Nobody keeps a place by not sending: a body that stops is one whose client has left. */
function hurry(raw: IncomingMessage, idleLimitMs: number): void {
  raw.setTimeout(idleLimitMs, () => raw.destroy());
  raw.once('end', () => raw.setTimeout(0));
}

/** The body as Git reads it. What a damaged or cut one leaves out, Git misses and refuses. */
function bodyOf(raw: IncomingMessage): Readable {
  // Fastify may have closed an empty body already.
  if (raw.method === 'GET' || raw.readableEnded) return Readable.from([]);
  if (!isCompressed(raw.headers)) return raw;
  const inflated = createGunzip();
  inflated.on('error', () => undefined);
  raw.once('close', () => {
    if (!raw.readableEnded) inflated.destroy(new Error('the client left'));
  });
  return raw.pipe(inflated);
}

/** Exported for its tests. */
export function parseAddress(method: string, url: string): Asked | undefined {
  const { pathname, searchParams } = new URL(url, 'http://git');
  const found = /^\/git\/([^/]+)\.git(\/info\/refs|\/git-(?:upload|receive)-pack)$/.exec(pathname);
  const [, name = '', path = ''] = found ?? [];
  const service = path === '/info/refs' ? searchParams.get('service') : path.slice(1);
  const wanted = path === '/info/refs' ? 'GET' : 'POST';
  if (method !== wanted) return undefined;
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return undefined;
  return { name, service, path };
}
