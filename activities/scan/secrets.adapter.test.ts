import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { folderOf, removeFolders } from './scan.fake.js';
import { MAX_FILE_BYTES, SecretlintScanner } from './secrets.adapter.js';

// Real secretlint over real folders. The tokens are made up, and put together here so that no scanner
// of this repository stumbles over them.

const token = `ghp_${'aBcdEfghIJklmnOPqrst'}${'uvWXyz0123456789'}`;
const scan = async (texts: Record<string, string | Buffer>) =>
  new SecretlintScanner().scan(await folderOf(texts), new AbortController().signal);

afterAll(removeFolders);

describe('the search for secrets', () => {
  it('says in which file and line a secret is, and of what kind', async () => {
    const { findings } = await scan({ 'src/config.js': `// settings\nconst t = "${token}";\n` });
    expect(findings).toEqual([
      expect.objectContaining({
        tool: 'secrets',
        rule: 'github',
        severity: 'high',
        path: 'src/config.js',
        line: 2,
      }),
    ]);
  });

  it('never repeats the secret, not even a part of it', async () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEAabcdefgh'.repeat(4)}\n-----END RSA PRIVATE KEY-----`;
    const seen = await scan({
      '.env': `aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/${'bPxRfiCYEXAMPLEKEA'}"`,
      'key.pem': key,
      'a.js': `fetch("https://ada:hunter22${'pass'}@example.org/"); const t = "${token}"`,
    });
    expect(seen.findings.length).toBeGreaterThanOrEqual(3);
    const said = JSON.stringify(seen);
    for (const part of ['wJalr', 'MIIEp', 'hunter', token.slice(4, 10)]) {
      expect(said).not.toContain(part);
    }
  });

  it('leaves out installed packages, Git, binaries and large files, and says what it left out', async () => {
    const seen = await scan({
      'node_modules/a/index.js': token,
      '.git/config': token,
      'picture.png': Buffer.from(`\0${token}`),
      'large.txt': token.padEnd(MAX_FILE_BYTES + 1),
      'fine.js': 'export {};',
    });
    expect(seen.findings).toEqual([]);
    expect(seen.summary).toBe('1 file searched for secrets');
    expect(seen.notes).toEqual([
      'secrets: left out 1 binary file',
      'secrets: left out 1 file above 1 MiB',
    ]);
  });

  it('follows no link out of the folder', async () => {
    const folder = await folderOf({ 'a.js': '' });
    const outside = join(await folderOf({ 'outside.js': token }), 'outside.js');
    await symlink(outside, join(folder, 'link.js'));
    const { findings } = await new SecretlintScanner().scan(folder, new AbortController().signal);
    expect(findings).toEqual([]);
  });

  it('stops when the run is cancelled', async () => {
    const ended = AbortSignal.abort(new Error('cancelled'));
    const folder = await folderOf({ 'a.js': '' });
    await expect(new SecretlintScanner().scan(folder, ended)).rejects.toThrow('cancelled');
  });
});
