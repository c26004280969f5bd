/** Loopback ports: the wanted one when it is free, the one of last time when it is free, else any. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

const HOST = '127.0.0.1';

/** True when nothing listens on the loopback port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: HOST, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A port that nobody listened on a moment ago. */
export function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host: HOST }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export type Ports = Record<'api' | 'temporal' | 'temporalUi' | 'postgres', number>;

/** Chooses the stack's ports and remembers them in `home`, so that links survive a restart. */
export async function choosePorts(home: string, apiPort: number): Promise<Ports> {
  const file = join(home, 'ports.json');
  const last: Partial<Ports> = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  const taken = new Set<number>();
  const choose = async (...wishes: (number | undefined)[]): Promise<number> => {
    for (const wish of wishes) {
      if (wish === undefined || taken.has(wish) || !(await isFree(wish))) continue;
      taken.add(wish);
      return wish;
    }
    return choose(await anyPort());
  };
  const ports = {
    api: await choose(apiPort || undefined, last.api),
    temporal: await choose(last.temporal),
    temporalUi: await choose(last.temporalUi),
    postgres: await choose(last.postgres),
  };
  await writeFile(file, JSON.stringify(ports, null, 2));
  return ports;
}
