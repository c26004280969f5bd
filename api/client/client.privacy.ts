/** The routes of a person's data. */
import { Unreachable } from './errors.js';
import type { Http } from './http.js';
import { pageOf } from './wire.js';
import * as wire from './wire.privacy.js';

const AT = '/api/v1/privacy';

export function privacy(http: Http) {
  return {
    /**
     * Everything of one person, item by item, in no memory of ours.
     *
     * @throws {Unreachable} when it was cut off before its end.
     */
    export: (login?: string): AsyncGenerator<wire.ExportedItem> => exported(http, login),
    erase: (login: string, confirm: string) =>
      http.json(wire.ErasureReport, `${AT}/erasure`, { method: 'POST', body: { login, confirm } }),
    erasures: (query: { login?: string; limit?: number; cursor?: string } = {}) =>
      http.json(pageOf(wire.ErasureReport), `${AT}/erasures`, { query: { ...query } }),
  };
}

async function* exported(http: Http, login: string | undefined): AsyncGenerator<wire.ExportedItem> {
  const response = await http.send(`${AT}/export`, {
    query: { login },
    headers: { accept: 'application/x-ndjson' },
  });
  for await (const line of linesOf(response)) {
    const item = wire.ExportedItem.parse(JSON.parse(line));
    if (item.kind === 'end') return;
    yield item;
  }
  throw new Unreachable(response.url, new Error('the export was cut off before its end'));
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter(Boolean);
  }
}
