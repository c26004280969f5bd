/** Which methods an address offers: so that a wrong method is told from a wrong address. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

const routes = new WeakMap<FastifyInstance, { method: string; pattern: RegExp }[]>();

/** Remembers every route that is registered from now on. */
export function rememberMethods(fastify: FastifyInstance): void {
  const known: { method: string; pattern: RegExp }[] = [];
  routes.set(fastify, known);
  fastify.addHook('onRoute', ({ method, url }) => {
    if (url.includes('*')) return;
    for (const one of [method].flat()) known.push({ method: one, pattern: patternOf(url) });
  });
}

/** Empty where the address is unknown. */
export function methodsOf(request: FastifyRequest): string[] {
  const path = request.url.split('?')[0] ?? '';
  const known = rootsOf(request.server).flatMap((server) => routes.get(server) ?? []);
  const found = known.filter((route) => route.pattern.test(path)).map((route) => route.method);
  return [...new Set(found)].sort();
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
