import { Controller, Get, Headers, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { MetricsPage } from '../client/wire.js';
import { Public } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { PrometheusMetrics } from '../platform/metrics.js';
import * as examples from './examples.js';
import { MetricsService } from './metrics.service.js';

/** Prometheus has no token of ours, and finds no secret and no name of a person here. */
@Controller('metrics')
@Public()
export class MetricsController {
  constructor(
    private readonly metrics: PrometheusMetrics,
    private readonly service: MetricsService,
  ) {}

  @Get()
  @Describe({
    summary: 'Numbers of this process: for Prometheus, or as JSON where `Accept` asks for it',
    answer: MetricsPage,
    example: examples.metrics,
    also: { 'text/plain': 'The default: the text format of Prometheus, version 0.0.4.' },
  })
  async page(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MetricsPage | string> {
    reply.header('vary', 'accept');
    if (prefersJson(accept)) return this.service.page();
    reply.type(this.metrics.contentType);
    return this.metrics.text();
  }
}

/** Named, and wanted at least as much as any text that is named. */
export function prefersJson(accept = ''): boolean {
  const wishes = accept
    .toLowerCase()
    .split(',')
    .map((wish) => {
      const [type = '', ...parameters] = wish.split(';').map((one) => one.trim());
      const q = parameters.find((one) => one.startsWith('q='));
      return { type, q: q === undefined ? 1 : Number(q.slice(2)) || 0 };
    });
  const wanted = (of: RegExp) =>
    Math.max(0, ...wishes.filter(({ type }) => of.test(type)).map(({ q }) => q));
  const json = wanted(/^application\/json$/);
  return json > 0 && json >= wanted(/^text\/plain$|^application\/openmetrics-text$/);
}
