/** What /health answers. Break this to see a release put back: let `isWell` return false, and push. */
import { readFileSync } from 'node:fs';

const about = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export function isWell() {
  return true;
}

export function health(room, uptime, env) {
  return {
    status: isWell() ? 'ok' : 'unwell',
    uptime: Math.round(uptime),
    version: about.version,
    commit: env.SLIPWAY_COMMIT ?? null,
    stage: env.SLIPWAY_STAGE ?? null,
    connections: room.guests,
  };
}
