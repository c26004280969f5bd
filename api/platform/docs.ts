/** What a route says about itself for /docs, beside what its parameters say by their schemas. */
import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

export const DESCRIBED = 'slipway:described';

export interface Described {
  /** One line, for the list of routes. */
  summary: string;
  /** What it answers; absent: nothing. */
  answer?: z.ZodType;
  /** Default 200. */
  status?: number;
  /** Other forms of the answer, by media type: what they hold. */
  also?: Record<string, string>;
  /** An example of the answer. */
  example?: unknown;
  /** An example of the body. */
  body?: unknown;
  /** The same answer with 503: what it means. */
  degraded?: string;
  /** HTTP numbers of its own refusals; those of every route come by themselves. */
  refuses?: Partial<Record<404 | 409 | 413, string>>;
}

export const Describe = (described: Described) => SetMetadata(DESCRIBED, described);
