/** One HTTP request on a connection of its own, through a lookup that decides where it may go. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { BODY_LIMIT_BYTES } from './check.js';

export interface HttpRequest {
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
  lookup: LookupFunction;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** At most BODY_LIMIT_BYTES; the rest is never taken from the network. */
  text: string;
  isCut: boolean;
}

/** Redirects are answers, not followed. Rejects when nothing answers or `signal` is aborted. */
export async function ask(url: URL, wanted: HttpRequest): Promise<HttpAnswer> {
  const { method, body, lookup, signal } = wanted;
  const isSecure = url.protocol === 'https:';
  // An agent of its own: no connection is shared, and no proxy of the environment is used.
  const agent = isSecure ? new SecureAgent({ keepAlive: false }) : new Agent({ keepAlive: false });
  const headers = { ...defaultHeaders(body), ...lowerCased(wanted.headers) };
  const send = isSecure ? secureRequest : plainRequest;
  const asked = send(url, { method, headers, agent, lookup, signal });
  try {
    const answered = once(asked, 'response', { signal });
    asked.on('error', () => undefined); // Told by `once` where it is waited for.
    asked.end(body);
    const [response] = (await answered) as [IncomingMessage];
    return { status: response.statusCode ?? 0, ...(await textOf(response)) };
  } finally {
    asked.destroy();
    agent.destroy();
  }
}

function defaultHeaders(body: string | undefined): Record<string, string> {
  const always = { accept: '*/*', 'user-agent': 'slipway' };
  if (body === undefined) return always;
  const length = String(Buffer.byteLength(body));
  return { ...always, 'content-type': 'text/plain;charset=UTF-8', 'content-length': length };
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(entries);
}

async function textOf(response: IncomingMessage): Promise<{ text: string; isCut: boolean }> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > BODY_LIMIT_BYTES) break;
  }
  const text = Buffer.concat(parts).subarray(0, BODY_LIMIT_BYTES).toString('utf8');
  return { text, isCut: size > BODY_LIMIT_BYTES };
}
