// The sandbox's tests need bubblewrap and slirp4netns, those of the cache Redis: brought where that can be done.
import { spawnSync } from 'node:child_process';

const SANDBOX = { bwrap: 'bubblewrap', slirp4netns: 'slirp4netns', ip: 'iproute2' };
const REDIS = { 'redis-server': 'redis-server' };
/** A package's service stays off: tests start their own. */
const QUIET = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
/** Of Debian and its children. */
const INSTALL = ['install', '--no-install-recommends', '-y'];

export function bringSandboxTools() {
  if (process.platform === 'linux') bring('sandbox', SANDBOX);
}

export function bringRedis() {
  bring('Redis', REDIS);
}

/** Says what it does. Where it can do nothing the tests say what to install, and fail. */
function bring(what, tools) {
  const missing = Object.keys(tools).filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const packages = missing.map((name) => tools[name]);
  const shown = `  ${what.padEnd(16)}`;
  if (process.getuid() !== 0 || !isThere('apt-get')) {
    console.log(`${shown}its tests need ${packages.join(', ')}: please install them`);
    return;
  }
  console.log(`${shown}installing ${packages.join(', ')}`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env: QUIET };
  const apt = (...args) => spawnSync('apt-get', args, options);
  if (apt(...INSTALL, ...packages).status !== 0) {
    apt('update');
    apt(...INSTALL, ...packages);
  }
}

function isThere(name) {
  const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  return spawnSync('sh', ['-c', `command -v ${name}`], { env: { PATH } }).status === 0;
}
