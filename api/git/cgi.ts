/** The two translations of CGI (RFC 3875): a request to an environment, an answer's head to HTTP. */
import type { IncomingHttpHeaders } from 'node:http';

/** A CGI answer's head, bytes. */
const MAX_HEAD_BYTES = 65_536;

export interface CgiRequest {
  method: string;
  /** Path under the folder of all repositories, like `/shop.git/info/refs`. */
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  /** Folder of all repositories. */
  root: string;
  login: string;
}

/**
 * Nothing of the request but what `git http-backend` reads; no other header becomes a variable. The
 * length of the body is left out: given one, it spins for ever when less comes, because the client left
 * or we were killed; without one it reads to the end. The limit of the body is counted on our side.
 */
export function toEnvironment(request: CgiRequest): NodeJS.ProcessEnv {
  const { method, path, query, headers, root, login } = request;
  const protocol = headers['git-protocol'];
  const optional: NodeJS.ProcessEnv = {
    CONTENT_TYPE: headers['content-type'],
    GIT_PROTOCOL:
      typeof protocol === 'string' && /^[a-z0-9=:]{1,100}$/.test(protocol) ? protocol : undefined,
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: method,
    REMOTE_USER: login,
    REMOTE_ADDR: '127.0.0.1',
    ...Object.fromEntries(given),
  };
}

/** Bodies are decompressed on our side, where their limit is counted: Git has none for what it inflates. */
export function isCompressed(headers: IncomingHttpHeaders): boolean {
  return /^(x-)?gzip$/i.test(headers['content-encoding'] ?? '');
}

export interface CgiHead {
  status: number;
  headers: Record<string, string>;
  /** The beginning of the body. */
  rest: Buffer;
}

/**
 * @returns undefined while the head is not complete.
 * @throws {Error} when what stands there is no head.
 */
export function parseHead(bytes: Buffer): CgiHead | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) {
    if (bytes.length > MAX_HEAD_BYTES) throw new Error('git http-backend answered without a head');
    return undefined;
  }
  let status = 200;
  const headers: Record<string, string> = {};
  for (const line of bytes.subarray(0, end).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`git http-backend answered with the header "${line}"`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  if (!(status >= 200 && status <= 599)) throw new Error(`git http-backend answered ${status}`);
  return { status, headers, rest: bytes.subarray(end + 4) };
}
