import { describe, expect, it } from '@jest/globals';
import type { Program } from '../build.ports.js';
import { cellCode, type Place, stepCode, wayOutCode } from './arguments.js';

const place: Place = {
  tools: {
    bash: '/bin/bash',
    bwrap: '/bin/bwrap',
    slirp4netns: '/bin/slirp4netns',
    nsenter: '/bin/nsenter',
    unshare: '/bin/unshare',
    setpriv: '/bin/setpriv',
    prlimit: '/bin/prlimit',
    ip: '/bin/ip',
  },
  view: {
    binds: [
      ['/usr', '/usr'],
      ['/own/etc', '/etc'],
      ['/etc/ssl/certs', '/etc/ssl/certs'],
    ],
    links: [['usr/bin', '/bin']],
    hidden: ['/usr/lib/slipway'],
  },
  owner: undefined,
  limits: { memoryMib: 1, cpuSeconds: 2, processes: 3, openFiles: 400, diskMib: 5 },
};
const owner = { uid: 7, gid: 8 };

const program: Program = {
  argv: ['/bin/bash', '-c', "echo 'a'"],
  folder: '/home/w/tree',
  env: { TOKEN: "it's", TMPDIR: '/home/w/tmp' },
  writable: '/home/w',
  readable: ['/git/app/objects'],
  network: 'default',
};
const named = (over: Partial<Program> = {}, hasGroups = true) =>
  stepCode(place, { ...program, ...over }, { hasGroups, pidFile: '/pipes/step-1' });

describe('the code of a step', () => {
  it('keeps the environment out of every command line', () => {
    const [last = ''] = named().split('\n').slice(-1);
    const [command = '', fed = ''] = last.split('9< <');
    expect(command).not.toContain('TOKEN');
    expect(fed).toBe(
      `(printf '%s\\0' '--setenv' 'TOKEN' 'it'\\''s' '--setenv' 'TMPDIR' '/home/w/tmp')`,
    );
  });

  it('gives it one folder to write to, and shows what the cell put together', () => {
    const code = named();
    expect(code.match(/'--bind' '[^']+'/g)).toEqual(["'--bind' '/home/w'"]);
    expect(code.match(/'--ro-bind' '[^']+'/g)).toEqual([
      "'--ro-bind' '/usr'",
      "'--ro-bind' '/etc'",
      "'--ro-bind' '/git/app/objects'",
    ]);
    expect(code).toContain("'--symlink' '/home/w/tmp' '/tmp'");
    expect(code).toContain("'--tmpfs' '/usr/lib/slipway'");
  });

  it('has a /tmp in memory where its workspace lies in the machine’s', () => {
    const code = named({ writable: '/tmp/w', folder: '/tmp/w/tree' });
    expect(code).toContain("'--tmpfs' '/tmp'");
    expect(code).toContain("'--symlink' '/home/w/tmp' '/var/tmp'");
  });

  it('limits processes itself where no control group does', () => {
    expect(named({}, true)).not.toContain('nproc');
    expect(named({}, false)).toContain("'--' '/bin/prlimit' '--nproc=3:3' '/bin/bash' '-c'");
    expect(named()).toContain('ulimit -n 400 ');
    expect(named()).toContain('ulimit -f 5120');
  });
});

describe('the code of a cell', () => {
  const wishes = { requests: '/pipes/1.out', pipes: '/pipes', groups: ['/cg/tasks'] };
  const folders = { writable: ['/home'], readable: ['/git'] };

  it('drops to the steps’ user as root, and needs a namespace of users else', () => {
    const asRoot = cellCode({ place: { ...place, owner }, ...wishes, ...folders });
    expect(asRoot).toContain("'/bin/setpriv' '--reuid=7' '--regid=8' '--clear-groups'");
    expect(asRoot).not.toContain('--user');
    const asOther = cellCode({ place, ...wishes, ...folders });
    expect(asOther).toContain("'/bin/unshare' '--user' '--map-root-user' '--' '/bin/bwrap'");
    expect(asOther).not.toContain('setpriv');
  });

  it('enters its control groups before anything else', () => {
    const [first] = cellCode({ place, ...wishes, ...folders }).split('\n');
    expect(first).toBe("echo 0 >'/cg/tasks' || exit 126");
  });

  it('leads out, but neither to this machine nor to what tells of clouds', () => {
    const code = wayOutCode(place, {
      pid: 9,
      requests: '/pipes/1.out',
      ownAddresses: ['192.0.2.1'],
    });
    expect(code).toContain(
      'route add unreachable 169.254.0.0/16\nroute add unreachable 192.0.2.1/32',
    );
    expect(code).toContain("'--disable-host-loopback'");
    const without = { ...place, tools: { ...place.tools, ip: undefined } };
    expect(wayOutCode(without, { pid: 9, requests: '/x', ownAddresses: [] })).not.toContain(
      'route',
    );
  });
});
