import { readdir, readFile, readlink } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { goneSoon, holding } from './processes.testing.js';
import { SandboxStand } from './sandbox.testing.js';

let stand: SandboxStand;
beforeEach(async () => {
  stand = await SandboxStand.open();
});
afterEach(() => stand.close());

describe('what a step leaves behind', () => {
  it.each([
    ['in the background', 'sleep 4242 & echo done'],
    ['in a session of its own', 'setsid sleep 4242 </dev/null >/dev/null 2>&1 & sleep 0.2'],
    ['as an orphan', '(setsid sh -c "sleep 4242 & exit" &) >/dev/null 2>&1; sleep 0.2'],
    ['with another environment', 'env -i setsid sleep 4242 >/dev/null 2>&1 & sleep 0.2'],
  ])('is ended with it: %s', async (_what, command) => {
    expect(await stand.run([command])).toMatchObject({ exitCode: 0 });
    expect(await goneSoon(() => holding('sleep\x004242'))).toEqual([]);
    expect(stand.logs.text('slipway')).toContain('left running were ended');
  });

  it('may say its last words', async () => {
    await stand.run(['exec > >(sed s/x/y/)', 'echo x']);
    expect(stand.logs.text('stdout')).toBe('y\n');
  });
});

describe('a step that is stopped', () => {
  it('gets SIGTERM, and may clean up', async () => {
    const running = stand.run([
      'trap "echo cleaned; exit 9" TERM; echo up; while :; do sleep 0.05; done',
    ]);
    await stand.logs.saying('up\n');
    stand.cancel.abort();
    expect(await running).toMatchObject({ why: 'cancelled', command: 0 });
    expect(stand.logs.text()).toMatch(/cancelled: ending commands\n.*cleaned\n/s);
  });

  it('is killed after five seconds when it ignores that, children and all', async () => {
    const deaf = 'trap "" TERM; setsid sh -c "sleep 4243" & echo up; sleep 4243';
    const running = stand.run([deaf]);
    await stand.logs.saying('up\n');
    stand.cancel.abort();
    expect(await running).toMatchObject({ why: 'cancelled' });
    expect(stand.logs.text('slipway')).toContain('still running after 5 s: killed');
    expect(await goneSoon(() => holding('sleep\x004243'))).toEqual([]);
  });

  it('takes along those that left its group, without waiting for them to be killed', async () => {
    const running = stand.run(['setsid sleep 4246 & sleep 4246 & echo up; wait']);
    await stand.logs.saying('up\n');
    stand.cancel.abort();
    expect(await running).toMatchObject({ why: 'cancelled' });
    expect(stand.logs.text('slipway')).not.toContain('killed');
    expect(await holding('sleep\x004246')).toEqual([]);
  });
});

describe('a sandbox that is closed', () => {
  it('leaves no process, no pipe and no control group', async () => {
    await Promise.all([stand.run(['true']), stand.run(['true'], { network: 'none' })]);
    const own = await holding(stand.root);
    expect(own.length).toBeGreaterThan(0);
    const networks = await ourNetworks();
    expect(networks.length).toBeGreaterThan(0);
    await stand.close();
    expect(await goneSoon(() => holding(stand.root))).toEqual([]);
    const left = async () => {
      const all = await holding('slirp4netns');
      return networks.filter((pid) => all.includes(pid));
    };
    expect(await goneSoon(left)).toEqual([]);
    expect(await groups()).toEqual([]);
    stand = await SandboxStand.open();
  });
});

/** Networks that this process began: another test file makes some beside us. */
async function ourNetworks(): Promise<number[]> {
  const all = await holding('slirp4netns');
  const isOurs = await Promise.all(all.map((pid) => descends(pid)));
  return all.filter((_pid, index) => isOurs[index]);
}

async function descends(pid: number): Promise<boolean> {
  if (pid <= 1 || pid === process.pid) return pid === process.pid;
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return descends(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0));
}

/** Control groups that this process made. */
async function groups(): Promise<string[]> {
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n');
  const places = lines.flatMap((line) => {
    const [, controllers = '', path = ''] = line.split(':');
    const top = `/sys/fs/cgroup/${controllers}`;
    return [top, `${top}${path}`];
  });
  const names = await Promise.all(places.map((place) => readdir(place).catch(() => [])));
  return names.flat().filter((name) => name.startsWith(`slipway-${process.pid}-`));
}

describe('a cell that is ended from outside', () => {
  it('errors its step, and the next step has another one', async () => {
    const running = stand.run(['readlink /proc/self/ns/net', 'echo up; sleep 4244']);
    const lost = expect(running).rejects.toThrow('ended from outside');
    await stand.logs.saying('up\n');
    const network = stand.logs.text('stdout').split('\n')[0] ?? '';
    const inside = await holding('cell');
    const cells = await Promise.all(
      inside.map(async (pid) => ({
        pid,
        at: await readlink(`/proc/${pid}/ns/net`).catch(() => ''),
      })),
    );
    for (const { pid } of cells.filter(({ at }) => at === network)) process.kill(pid, 'SIGKILL');
    await lost;
    expect(await goneSoon(() => holding('sleep\x004244'))).toEqual([]);
    expect(await stand.run(['true'])).toMatchObject({ exitCode: 0 });
  });
});
