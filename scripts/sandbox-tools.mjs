// The tests of the sandbox need bubblewrap and slirp4netns: brings them where that can be done by itself.
import { spawnSync } from 'node:child_process';

const TOOLS = { bwrap: 'bubblewrap', slirp4netns: 'slirp4netns', ip: 'iproute2' };
/** Of Debian and its children. */
const INSTALL = ['install', '--no-install-recommends', '-y'];

/** Says what it does. Where it can do nothing the tests of the sandbox say what to install, and fail. */
export function bringSandboxTools() {
  if (process.platform !== 'linux') return;
  const missing = Object.keys(TOOLS).filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const packages = missing.map((name) => TOOLS[name]);
  if (process.getuid() !== 0 || !isThere('apt-get')) {
    console.log(`  sandbox         its tests need ${packages.join(', ')}: please install them`);
    return;
  }
  console.log(`  sandbox         installing ${packages.join(', ')}`);
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (apt(...INSTALL, ...packages).status !== 0) {
    apt('update');
    apt(...INSTALL, ...packages);
  }
}

function isThere(name) {
  const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  return spawnSync('sh', ['-c', `command -v ${name}`], { env: { PATH } }).status === 0;
}
