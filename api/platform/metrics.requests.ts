/** Measures every request by the route that answered it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PrometheusMetrics } from './metrics.js';

/** Nobody answers there; the address itself is never a label. */
const NO_ROUTE = 'none';

export function measureRequests(
  fastify: FastifyInstance,
  metrics: Pick<PrometheusMetrics, 'requested'>,
): void {
  const measure = (request: FastifyRequest, reply: FastifyReply): void => {
    metrics.requested({
      method: request.method,
      route: request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE),
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
  };
  fastify.addHook('onSend', async (request, reply) => {
    if (isStream(reply)) measure(request, reply);
  });
  fastify.addHook('onResponse', async (request, reply) => {
    if (!isStream(reply)) measure(request, reply);
  });
}

function isStream(reply: FastifyReply): boolean {
  return String(reply.getHeader('content-type')).startsWith('text/event-stream');
}
