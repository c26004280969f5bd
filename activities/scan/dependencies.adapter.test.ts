import { afterAll, describe, expect, it } from '@jest/globals';
import { OsvScanner } from './dependencies.adapter.js';
import { folderOf, removeFolders } from './scan.fake.js';

const onDay = (day: string) => () => new Date(`${day}T12:00:00Z`);
const locked = (packages: Record<string, object>) =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'app' }, ...packages } }, null, 2);
const scan = async (texts: Record<string, string>, data = '', today = '2026-11-21') =>
  new OsvScanner(data, onDay(today)).scan(await folderOf(texts), new AbortController().signal);

afterAll(removeFolders);

describe('the look at dependencies', () => {
  it('finds a known-vulnerable package, and says which version mends it', async () => {
    const { findings } = await scan({
      'package-lock.json': locked({ 'node_modules/lodash': { version: '4.17.15' } }),
    });
    expect(findings).toEqual([
      {
        tool: 'dependencies',
        rule: 'GHSA-35jh-r3h4-6jhm',
        severity: 'high',
        message: 'lodash 4.17.15: Command Injection in lodash; fixed in 4.17.21',
        path: 'package-lock.json',
        line: 7,
      },
    ]);
  });

  it('says nothing of a version that has the fix', async () => {
    const { findings } = await scan({
      'package-lock.json': locked({
        'node_modules/lodash': { version: '4.17.21' },
        'node_modules/ws': { version: '8.23.0' },
      }),
    });
    expect(findings).toEqual([]);
  });

  it('finds packages inside packages, under their real names, once per version', async () => {
    const { findings } = await scan({
      'api/npm-shrinkwrap.json': locked({
        'node_modules/a/node_modules/minimist': { version: '1.2.5', dev: true },
        'node_modules/b/node_modules/minimist': { version: '1.2.5' },
        'node_modules/alias': { name: 'ws', version: '7.5.9' },
        'packages/own': { version: '1.0.0' },
        'node_modules/own': { link: true },
      }),
    });
    expect(findings.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
      'critical minimist 1.2.5 (development only): Prototype Pollution in minimist; fixed in 1.2.6',
      expect.stringContaining('high ws 7.5.9: ws affected by a DoS'),
    ]);
  });

  it('looks at what is installed when an archive brings no lock file', async () => {
    const { findings } = await scan({
      'node_modules/.package-lock.json': locked({ 'node_modules/braces': { version: '3.0.2' } }),
      'node_modules/x/package-lock.json': locked({ 'node_modules/lodash': { version: '1.0.0' } }),
    });
    expect(findings.map(({ rule }) => rule)).toEqual(['GHSA-grv7-fg5c-xmjg']);
  });

  it('says how old its data is', async () => {
    const fresh = await scan({}, '', '2026-11-22');
    expect(fresh.summary).toBe(
      'no lock file to look at, OSV data of 2026-11-21, 12 advisories, 1 day old',
    );
    const old = await scan({}, '', '2026-12-31');
    expect(old.summary).toContain('40 days old (older than 30 days: renew it)');
  });

  it('refuses a lock file that it cannot understand, by name', async () => {
    const { refusals } = await scan({
      'package-lock.json': '{"lockfileVersion": 1, "dependencies": {}}',
      'web/package-lock.json': 'not json',
    });
    expect(refusals).toEqual([
      { path: 'package-lock.json', why: expect.stringContaining('npm 7 or newer') },
      { path: 'web/package-lock.json', why: expect.stringContaining('is not JSON') },
    ]);
  });

  it('takes a folder of OSV files, and dates it by the newest of them', async () => {
    const advisory = (id: string, extra: object) =>
      JSON.stringify({
        id,
        modified: '2026-10-01T00:00:00Z',
        affected: [{ package: { ecosystem: 'npm', name: 'left' }, versions: ['1.0.0'] }],
        ...extra,
      });
    const data = await folderOf({
      'MAL-1.json': advisory('MAL-1', { summary: 'Malware' }),
      'GHSA-2.json': advisory('GHSA-2', { withdrawn: '2026-01-01T00:00:00Z' }),
    });
    const lock = locked({ 'node_modules/left': { version: '1.0.0' } });
    const { findings, summary } = await scan({ 'package-lock.json': lock }, data);
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'MAL-1',
        severity: 'critical',
        message: 'left 1.0.0: Malware; no fixed version is known',
      }),
    ]);
    expect(summary).toBe(
      '1 package in 1 lock file, OSV data of 2026-10-01, 1 advisory, 51 days old ' +
        '(older than 30 days: renew it)',
    );
  });

  it('could not find out when the data is broken, and names the file', async () => {
    const data = await folderOf({ 'GHSA-1.json': '{' });
    await expect(scan({}, data)).rejects.toThrow('holds "GHSA-1.json", which is no OSV file');
    await expect(scan({}, '/nowhere')).rejects.toThrow('"/nowhere" cannot be read');
  });
});
