/** The page: a few files from one folder, read once. Nothing else on disk can be asked for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where Slipway unpacks the archive `frontend`, or the source tree beside us. */
export function pageFolder(env) {
  const source = join(dirname(fileURLToPath(import.meta.url)), '../..');
  const places = [env.SLIPWAY_ARTIFACTS && join(env.SLIPWAY_ARTIFACTS, 'frontend'), source];
  const found = places.find((place) => place && existsSync(join(place, 'frontend/public')));
  if (found) return join(found, 'frontend/public');
  throw new Error('there is no frontend: build it, and put it beside the backend');
}

/** Path -> type and bytes. */
export function readPage(folder) {
  const page = new Map();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type) page.set(`/${name}`, { type, bytes: readFileSync(join(folder, name)) });
  }
  page.set('/', page.get('/index.html'));
  return page;
}
