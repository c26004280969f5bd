import { isIP } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { notPublic } from './addresses.js';
import { createReach, OutOfReach, type ReachOptions, type Resolve } from './reach.js';

// Where a check may go. No name of this test is asked anywhere: resolving is a fake.

const STAGE = 'http://127.0.0.1:4711';

/** Answers each question with the next list of addresses; the last one stays. */
function resolving(...answers: string[][]): Resolve & { asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = (name, _options, answer) => {
    asked.push(name);
    const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return Object.assign(resolve, { asked });
}

/** The addresses that a socket would be given, or the refusal. */
async function reached(url: string, options: ReachOptions = {}): Promise<unknown> {
  try {
    const lookup = createReach(options).to(new URL(url), STAGE);
    // A socket looks up names only.
    if (isIP(new URL(url).hostname.replace(/[[\]]/g, '')) !== 0) return [];
    return await new Promise((done) => {
      lookup(new URL(url).hostname, { all: true }, (error, addresses) => done(error ?? addresses));
    });
  } catch (refusal) {
    return refusal;
  }
}

describe('a check may ask', () => {
  it('its own stage, at exactly its host and port', () => {
    const reach = createReach();
    expect(() => reach.to(new URL(`${STAGE}/health`), STAGE)).not.toThrow();
    expect(() => reach.to(new URL('ws://127.0.0.1:4711/ws'), STAGE)).not.toThrow();
    expect(() => reach.to(new URL('http://127.0.0.1:4712/'), STAGE)).toThrow(OutOfReach);
    expect(() => reach.to(new URL(`${STAGE}/health`), null)).toThrow(OutOfReach);
  });

  it('public addresses, by number and by name', async () => {
    expect(() => createReach().to(new URL('https://1.1.1.1/'), STAGE)).not.toThrow();
    expect(() => createReach().to(new URL('https://[2606:4700::1111]/'), STAGE)).not.toThrow();
    const resolve = resolving(['93.184.215.14', '2606:2800:21f::1']);
    expect(await reached('https://example.com/', { resolve })).toHaveLength(2);
  });

  it.each([
    'http://127.0.0.1:5432/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://0.0.0.0:7800/',
    'http://10.0.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::1]:7233/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'ws://127.0.0.1:7800/',
  ])('not %s', (url) => {
    expect(() => createReach().to(new URL(url), STAGE)).toThrow(OutOfReach);
  });

  it('no name that leads inside, not even with one of its addresses', async () => {
    for (const addresses of [['127.0.0.1'], ['::1'], ['93.184.215.14', '10.0.0.1']]) {
      const resolve = resolving(addresses);
      expect(await reached('http://rebind.example/', { resolve })).toBeInstanceOf(OutOfReach);
    }
    const resolve = resolving(['127.0.0.1']);
    expect(await reached('http://localhost:7800/', { resolve })).toBeInstanceOf(OutOfReach);
  });

  it('only the addresses that were looked at: a name is resolved once for each connection', async () => {
    const resolve = resolving(['93.184.215.14'], ['127.0.0.1']);
    const lookup = createReach({ resolve }).to(new URL('http://rebind.example/'), STAGE);
    const given = await new Promise((done) => {
      lookup('rebind.example', {}, (error, address, family) => done([error, address, family]));
    });
    expect(given).toEqual([null, '93.184.215.14', 4]);
    expect(resolve.asked).toEqual(['rebind.example']);
    const later = await new Promise((done) => lookup('rebind.example', {}, (error) => done(error)));
    expect(later).toBeInstanceOf(OutOfReach);
  });

  it('what the operator names: a host, a host with its port, a subnet', async () => {
    const hosts = 'db.corp, 10.1.2.3:8080,192.168.0.0/16 , [fd00::1]:80, fd12::/16';
    const resolve = resolving(['10.9.9.9']);
    for (const url of [
      'http://db.corp:1234/',
      'http://10.1.2.3:8080/',
      'http://192.168.7.7/',
      'http://[fd00::1]/',
      'http://[fd12::9]/',
    ]) {
      expect(await reached(url, { hosts, resolve })).not.toBeInstanceOf(OutOfReach);
    }
    expect(await reached('http://10.1.2.3:8081/', { hosts, resolve })).toBeInstanceOf(OutOfReach);
    expect(await reached('http://web.corp/', { hosts, resolve })).toBeInstanceOf(OutOfReach);
  });

  it('is told in words what an operator could change', async () => {
    const refusal = await reached('http://169.254.169.254/', {});
    expect((refusal as Error).message).toBe(
      '"169.254.169.254:80" leads to this link, where clouds keep their metadata: a check may ask its ' +
        'own stage and public addresses; whoever runs Slipway can allow it by ' +
        'SLIPWAY_CHECK_HOSTS=169.254.169.254:80',
    );
    expect(() => createReach({ hosts: 'http://x' })).toThrow('"http://x" is neither a host');
    expect(() => createReach({ hosts: '10.0.0.0/33' })).toThrow('nor a subnet');
  });

  it('an error of the resolver passes as it is', async () => {
    const resolve: Resolve = (_name, _options, answer) => answer(new Error('ENOTFOUND'));
    expect(await reached('http://gone.example/', { resolve })).toEqual(new Error('ENOTFOUND'));
  });
});

describe('what is not public', () => {
  const byte = fc.integer({ min: 0, max: 255 });

  it('is every address of loopback, link and private ranges, also as mapped IPv6', () => {
    const inside = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127, 224, 255), byte, byte, byte),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
      fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
      fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
    );
    fc.assert(
      fc.property(inside, (bytes) => {
        const address = bytes.join('.');
        expect(notPublic(address)).toEqual(expect.any(String));
        expect(notPublic(`::ffff:${address}`)).toBe(notPublic(address));
      }),
    );
  });

  it('is all of IPv6 outside of 2000::/3', () => {
    const outside = fc.ipV6().filter((address) => !/^[23][0-9a-f]{3}:/i.test(address));
    const mapsPublic = (address: string) => notPublic(address) === undefined;
    fc.assert(
      fc.property(outside, (address) => {
        // What is written as mapped IPv4 is judged as that.
        expect(
          mapsPublic(address) && !new URL(`http://[${address}]`).hostname.startsWith('[::ffff:'),
        ).toBe(false);
      }),
    );
  });
});
