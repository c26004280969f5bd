/**
 * Where a check may go: to the stage that it checks, to public addresses, and where the operator says.
 * A check is written by whoever pushes, and sent by a machine that stands inside (SSRF).
 */
import { lookup as resolve } from 'node:dns';
import { type BlockList, isIP, type LookupFunction } from 'node:net';
import { blocking, notPublic } from './addresses.js';
import { BadUrl } from './check.js';

/** Asks for a name; the platform's own resolver unless a test says otherwise. */
export type Resolve = (
  name: string,
  options: { all: true; family?: number },
  answer: (error: NodeJS.ErrnoException | null, addresses?: Resolved[]) => void,
) => void;
type Resolved = { address: string; family: number };

export interface ReachOptions {
  /** SLIPWAY_CHECK_HOSTS: `host`, `host:port` or `10.0.0.0/8`, with commas between. */
  hosts?: string;
  resolve?: Resolve;
}

export interface Reach {
  /**
   * What a socket must look names up with to go to `url`: it resolves once and hands over exactly the
   * addresses that it approved, so that a name cannot lead elsewhere a moment later (DNS rebinding).
   *
   * @param base the stage's own address; its host and port are always in reach.
   * @throws {OutOfReach} at once for an address; from the socket, later, for a name.
   */
  to(url: URL, base: string | null): LookupFunction;
}

/** A "no" of the pipeline: trying again does not help. */
export class OutOfReach extends BadUrl {
  constructor(host: string, kind: string) {
    super(
      `"${host}" leads to ${kind}: a check may ask its own stage and public addresses; ` +
        `whoever runs Slipway can allow it by SLIPWAY_CHECK_HOSTS=${host}`,
    );
  }
}

interface Allowed {
  hosts: ReadonlySet<string>;
  subnets: readonly BlockList[];
}

/** @throws {Error} that names the entry of `hosts` that is neither a host nor a subnet. */
export function createReach({ hosts = '', resolve: ask = resolve }: ReachOptions = {}): Reach {
  const allowed = parseHosts(hosts);
  return {
    to: (url, base) => {
      const isAllowed =
        isStage(url, base) || allowed.hosts.has(url.hostname) || allowed.hosts.has(placeOf(url));
      const refuse = (address: string): OutOfReach | undefined => {
        if (isAllowed || allowed.subnets.some((list) => list.check(address, familyOf(address)))) {
          return undefined;
        }
        const kind = notPublic(address);
        return kind === undefined ? undefined : new OutOfReach(placeOf(url), kind);
      };
      const literal = url.hostname.replace(/^\[|\]$/g, '');
      const refusal = isIP(literal) === 0 ? undefined : refuse(literal);
      if (refusal) throw refusal;
      return checkedLookup(ask, refuse);
    },
  };
}

/** One bad address refuses the name: who sends some to the inside means no good with the others. */
function checkedLookup(
  ask: Resolve,
  refuse: (address: string) => OutOfReach | undefined,
): LookupFunction {
  return (name, { all, family }, answer) => {
    const wanted = family === 4 || family === 6 ? { family } : {};
    ask(name, { all: true, ...wanted }, (error, addresses = []) => {
      const refusal = error ?? addresses.map(({ address }) => refuse(address)).find(Boolean);
      const [first] = addresses;
      if (refusal) answer(refusal, '', 0);
      else if (first === undefined) answer(new Error(`"${name}" has no address`), '', 0);
      else if (all) answer(null, addresses);
      else answer(null, first.address, first.family);
    });
  };
}

function isStage(url: URL, base: string | null): boolean {
  const stage = base === null ? null : URL.parse(base);
  return stage !== null && placeOf(stage) === placeOf(url);
}

/** Host and port, also where the port is the scheme's own: `example.com:443`. */
function placeOf({ hostname, port, protocol }: URL): string {
  const isSecure = protocol === 'https:' || protocol === 'wss:';
  return `${hostname}:${port || (isSecure ? 443 : 80)}`;
}

function parseHosts(text: string): Allowed {
  const entries = text.split(',').map((entry) => entry.trim().toLowerCase());
  const given = entries.filter((entry) => entry !== '');
  const subnets = given.filter((entry) => entry.includes('/'));
  return {
    hosts: new Set(given.filter((entry) => !entry.includes('/')).map(toHost)),
    subnets: subnets.map(toSubnet),
  };
}

function toHost(entry: string): string {
  const url = URL.parse(`http://${entry}`);
  // A port is told from the text: the parser drops 80.
  const port = /:(\d+)$/.exec(entry)?.[1];
  if (url === null || url.hostname === '' || url.pathname !== '/') throw badEntry(entry);
  return port === undefined ? url.hostname : `${url.hostname}:${port}`;
}

function toSubnet(entry: string): BlockList {
  const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const most = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || Number(bits) > most) throw badEntry(entry);
  return blocking(address, Number(bits));
}

function badEntry(entry: string): Error {
  return new Error(
    `SLIPWAY_CHECK_HOSTS: "${entry}" is neither a host like "db.example.com" or "10.1.2.3:8080" ` +
      'nor a subnet like "10.0.0.0/8"',
  );
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
