/** Calls about models. */
import { type Http, type Query } from './http.js';
import { pageOf } from './wire.js';
import {
  Model,
  Pull,
  type Serve,
  Serving,
  Servings,
  type Slot,
  type StartPull,
  type StartUpload,
} from './wire.models.js';

const ALL = '/api/v1/models';
const part = encodeURIComponent;

export function models(http: Http) {
  const pull = (id: string) => `${ALL}/pulls/${part(id)}`;
  const remove = async (path: string, query: Query = {}): Promise<void> => {
    await http.send(path, { method: 'DELETE', query });
  };
  return {
    list: (query?: { limit?: number; cursor?: string }) =>
      http.json(pageOf(Model), ALL, { query: { ...query } }),
    get: (name: string) => http.json(Model, `${ALL}/${part(name)}`),
    remove: (name: string) => remove(`${ALL}/${part(name)}`),

    /** Repeatable: the same source again is the same pull, and goes on where it was cut off. */
    pull: (body: StartPull) => http.json(Pull, `${ALL}/pulls`, { method: 'POST', body }),
    pulls: () => http.json(pageOf(Pull), `${ALL}/pulls`),
    getPull: (id: string) => http.json(Pull, pull(id)),
    discardPull: (id: string) => remove(pull(id)),

    /** Repeatable: the answer says how many bytes are there already. */
    upload: (body: StartUpload) => http.json(Pull, `${ALL}/uploads`, { method: 'POST', body }),
    /** A piece of at most 16 MiB that begins where the bytes that are there end. */
    sendPiece: (id: string, offset: number, bytes: Uint8Array) =>
      http.json(Pull, `${ALL}/uploads/${part(id)}`, { method: 'PUT', query: { offset }, bytes }),

    servings: () => http.json(Servings, `${ALL}/servings`),
    serve: (body: Serve) => http.json(Serving, `${ALL}/serve`, { method: 'POST', body }),
    unserve: (name: string, slot: Slot) => remove(`${ALL}/servings/${part(name)}`, { slot }),
  };
}
