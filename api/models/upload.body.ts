/** Bytes of model files are a stream; on all other routes JSON stays the only body. */
import { Readable } from 'node:stream';
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify';

const UPLOADS = '/api/v1/models/uploads/';

export function takeBytes(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('application/octet-stream', (request, payload, parsed) => {
    if (request.url.startsWith(UPLOADS)) parsed(null, payload);
    else parsed(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE('application/octet-stream'));
  });
}

/** The piece that came. @throws 415 for what was parsed instead: JSON is no piece of a file. */
export function pieceOf({ body, headers }: FastifyRequest): Readable {
  if (body instanceof Readable) return body;
  throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(headers['content-type'] ?? '');
}
