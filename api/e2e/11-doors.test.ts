/** The doors of the real stack: where checks may not go, wrong tokens, what browsers are told. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { files, pipeline } from './harness/app.js';
import { E2eStack } from './harness/stack.js';

describe('the doors', () => {
  let stack: E2eStack;
  /** A service of somebody else on this machine, and what it was asked. */
  let neighbour: Server;
  let asked: string[];
  let allowed: string;

  beforeAll(async () => {
    asked = [];
    neighbour = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('secret');
    });
    await new Promise<void>((resolve) => {
      neighbour.listen(0, '127.0.0.1', resolve);
    });
    allowed = `localhost:${(neighbour.address() as AddressInfo).port}`;
    stack = await E2eStack.start({ env: { SLIPWAY_CHECK_HOSTS: allowed } });
  });
  afterAll(async () => {
    await stack?.end();
    neighbour?.close();
  });

  /** A check that asks this, of a service that is well. */
  async function checked(name: string, url: string) {
    const check = `check: { stage: staging, http: [{ get: "${url}" }], tries: 1 }`;
    const text = pipeline({ steps: `  elsewhere: { needs: [integration], ${check} }\n` });
    const clone = await stack.clone(name, files({ version: '1' }, text));
    await clone.push();
    await clone.remove();
    const run = await stack.runIs(`${name}-1`, 'succeeded', 'rolledBack', 'failed', 'errored');
    return run.steps.find((step) => step.name === 'elsewhere');
  }

  it('a check reaches no other port of this machine, and its stage is put back', async () => {
    const own = await checked('own', `${stack.url}/health`);
    expect(own).toMatchObject({ status: 'failed' });
    expect(own?.reason).toContain('SLIPWAY_CHECK_HOSTS=127.0.0.1:');
    const byNumber = await checked(
      'number',
      `http://${allowed.replace('localhost', '127.1')}/number`,
    );
    expect(byNumber).toMatchObject({ status: 'failed' });
    const metadata = await checked('metadata', 'http://169.254.169.254/latest/meta-data/');
    expect(metadata?.reason).toContain('where clouds keep their metadata');
    expect(asked).toEqual([]);
  });

  it('a check reaches what the operator allows', async () => {
    expect(await checked('allowed', `http://${allowed}/allowed`)).toMatchObject({
      status: 'succeeded',
    });
    expect(asked).toEqual(['/allowed']);
  });

  it('wrong tokens are soon not looked at any more; good ones still are', async () => {
    expect((await stack.slipway('runs')).code).toBe(0);
    const ask = (token: string) =>
      fetch(`${stack.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    const statuses: number[] = [];
    for (let count = 0; count < 35; count++) statuses.push((await ask(`slp_wrong${count}`)).status);
    expect(statuses[0]).toBe(401);
    const refused = await ask('slp_wrong');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await stack.slipway('runs')).code).toBe(0);
  });

  it('browsers are led to the docs, and told to do no more than show them', async () => {
    const page = await fetch(stack.url);
    expect(page.url).toBe(`${stack.url}/docs`);
    expect(page.headers.get('content-security-policy')).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
    expect(page.headers.get('server')).toBeNull();
    expect(await page.text()).toContain('<script src="/docs/start.js">');
  });
});
