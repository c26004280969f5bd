/** Which methods an address offers: so that a wrong method is told from a wrong address. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface Route {
  method: string;
  /** As it was registered: `/api/v1/runs/:id`, `/git/*`. */
  url: string;
}

const routes = new WeakMap<FastifyInstance, (Route & { pattern: RegExp | undefined })[]>();

/** Remembers every route that is registered from now on. */
export function rememberMethods(fastify: FastifyInstance): void {
  const known: (Route & { pattern: RegExp | undefined })[] = [];
  routes.set(fastify, known);
  fastify.addHook('onRoute', ({ method, url }) => {
    const pattern = url.includes('*') ? undefined : patternOf(url);
    for (const one of [method].flat()) known.push({ method: one, url, pattern });
  });
}

/** Every route there is, in the order in which they were registered. */
export function routesOf(fastify: FastifyInstance): Route[] {
  return (routes.get(fastify) ?? []).map(({ method, url }) => ({ method, url }));
}

/** Empty where the address is unknown. An address that is named by itself has its own methods only. */
export function methodsOf(request: FastifyRequest): string[] {
  const found = routesAt(request);
  const own = found.filter(({ url }) => !url.includes(':'));
  const methods = (own.length > 0 ? own : found).map(({ method }) => method);
  return [...new Set(methods)].sort();
}

/** Whether a route with a name in its address was found at one that is named by itself. */
export function isMistaken(request: FastifyRequest): boolean {
  if (!request.routeOptions.url?.includes(':')) return false;
  return routesAt(request).some(({ url }) => !url.includes(':'));
}

function routesAt(request: FastifyRequest): Route[] {
  const path = request.url.split('?')[0] ?? '';
  const known = rootsOf(request.server).flatMap((server) => routes.get(server) ?? []);
  return known.filter(({ pattern }) => pattern?.test(path));
}

function rootsOf(server: FastifyInstance): FastifyInstance[] {
  const parents: FastifyInstance[] = [];
  for (let at: FastifyInstance | null = server; at && at !== Object.prototype; ) {
    parents.push(at);
    at = Object.getPrototypeOf(at) as FastifyInstance | null;
  }
  return parents;
}

function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+');
  return new RegExp(`^${escaped}$`);
}
