import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildId, versioning } from './version.js';

describe('the version of a worker', () => {
  let root: string;
  const bundle = (code: string) => writeFile(join(root, 'dist/workflow-bundle.js'), code);
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-version-'));
    await mkdir(join(root, 'dist'));
    await writeFile(join(root, 'package.json'), '{ "version": "1.2.3" }');
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('names the release, and says when there is no bundle to tell apart', () => {
    expect(buildId(root)).toBe('1.2.3-unbundled');
  });

  it('is another one when the workflow code is, and the same when that is', async () => {
    await bundle('one');
    const one = buildId(root);
    expect(one).toMatch(/^1\.2\.3-[0-9a-f]{12}$/);
    await bundle('two');
    expect(buildId(root)).not.toBe(one);
    await bundle('one');
    expect(buildId(root)).toBe(one);
  });

  it('is told to Temporal only where the operator wants to say which one is current', () => {
    expect(versioning({ SLIPWAY_WORKER_VERSIONS: 'off' }, root)).toEqual({});
    expect(versioning({ SLIPWAY_WORKER_VERSIONS: 'on' }, root)).toMatchObject({
      workerDeploymentOptions: {
        version: { deploymentName: 'slipway', buildId: buildId(root) },
        defaultVersioningBehavior: 'AUTO_UPGRADE',
      },
    });
  });
});
