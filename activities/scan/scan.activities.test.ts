import { afterEach, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Finding } from '../../workflows/domain/finding.js';
import { short } from '../../workflows/domain/names.js';
import { type StepContext, StepResult } from '../../workflows/domain/step.js';
import type { StepOf } from '../../workflows/pipeline/plan.js';
import { FakeArtifacts } from '../artifacts/artifacts.fake.js';
import { FakeLogs } from '../logs/logs.fake.js';
import { createScanActivities } from './scan.activities.js';
import { FakeFiles, FakeScanner } from './scan.fake.js';
import type { Scanned } from './scan.ports.js';

const artifact = {
  name: 'image',
  kind: 'archive' as const,
  digest: `sha256:${'a'.repeat(64)}`,
  bytes: 10,
};
const context = { run: { id: 'web-1' }, artifacts: [artifact] } as unknown as StepContext;
const finding = (severity: Finding['severity'], rule = 'GHSA-1'): Finding => ({
  tool: 'dependencies',
  rule,
  severity,
  message: 'lodash 4.17.15: bad',
  path: 'package-lock.json',
  line: 3,
});

/** One scan in a world of fakes, whose dependencies scanner sees `seen`. */
function world(seen: Partial<Scanned> = {}, texts: Record<string, string> = {}) {
  const files = new FakeFiles(texts);
  const scanner = new FakeScanner('dependencies', seen);
  const artifacts = new FakeArtifacts();
  const logs = new FakeLogs();
  const scanners = [new FakeScanner('secrets'), scanner];
  const activities = createScanActivities({ files, scanners, artifacts, logs });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  opened.push(files);
  const scan = async (spec: StepOf<'scan'>['spec'] = {}, timeoutSeconds?: number) => {
    const timing = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    const step: StepOf<'scan'> = { name: 'scan', kind: 'scan', spec, ...timing };
    return StepResult.parse(await environment.run(activities.scan, { context, step }));
  };
  return { scan, files, scanner, artifacts, logs, environment };
}
const opened: FakeFiles[] = [];

describe('a scan step', () => {
  afterEach(() => {
    for (const files of opened.splice(0)) expect(files.open.size).toBe(0);
  });

  it('says yes when nothing is grave enough, and keeps what it saw as SARIF', async () => {
    const { scan, artifacts, logs } = world({
      findings: [finding('medium')],
      summary: 'OSV of today',
    });
    const result = await scan();
    const [digest] = artifacts.digests;
    expect(result).toEqual({
      verdict: 'succeeded',
      summary: `1 finding: 1 medium; secrets ran; OSV of today; SARIF ${short(digest ?? '')}`,
      findings: { medium: 1 },
    });
    expect(logs.text()).toBe(
      'medium    dependencies  GHSA-1  package-lock.json:3  lodash 4.17.15: bad\n',
    );
  });

  it('says no when a finding is as grave as the step asks, and names it', async () => {
    const findings = [finding('low', 'L'), finding('medium', 'M'), finding('critical', 'C')];
    const { scan } = world({ findings });
    expect(await scan({ failOn: 'medium' })).toMatchObject({
      verdict: 'failed',
      reason: '2 findings reach "medium": C in package-lock.json:3, M in package-lock.json:3',
      findings: { low: 1, medium: 1, critical: 1 },
    });
  });

  it('says no when a file could not be understood', async () => {
    const refusals = [{ path: 'package-lock.json', why: 'is not JSON' }];
    const { scan } = world({ refusals });
    expect(await scan()).toMatchObject({
      verdict: 'failed',
      reason: '"package-lock.json" is not JSON',
    });
  });

  it('writes at most 200 findings to the log, gravest first, and counts the rest', async () => {
    const many = Array.from({ length: 300 }, () => finding('low'));
    const { scan, logs } = world({ findings: [...many, finding('high', 'GRAVE')] });
    await scan();
    const lines = logs.text().split('\n');
    expect(lines[0]).toContain('GRAVE');
    expect(lines[200]).toContain('… and 101 more; the SARIF artifact sha256:');
  });

  it('scans the artifact that the step names, or the commit, and the workspace for SARIF', async () => {
    const { scan, files } = world({}, { 'out.sarif': '{"version":"2.1.0","runs":[]}' });
    await scan({ of: 'image' });
    await scan({ sarif: ['out.sarif'] });
    await scan({ tools: [], sarif: ['out.sarif'] });
    expect(files.asked).toEqual([
      { of: 'artifact', artifact },
      { of: 'commit' },
      { of: 'workspace' },
      { of: 'workspace' },
    ]);
  });

  it('says no to a SARIF file that is none', async () => {
    const { scan } = world({}, { 'out.sarif': 'hello' });
    expect(await scan({ sarif: ['out.sarif'] })).toMatchObject({
      verdict: 'failed',
      reason: expect.stringMatching(/^"out.sarif" is not SARIF 2.1.0/),
    });
  });

  it('could not find out when the files, the data or the artifact is gone', async () => {
    const { scan, files, scanner } = world();
    scanner.refusal = new Error('the data is gone');
    await expect(scan()).rejects.toMatchObject({
      type: 'StepErrored',
      message: 'the data is gone',
      nonRetryable: false,
    });
    files.refusal = new Error('no such commit');
    await expect(scan()).rejects.toMatchObject({ type: 'StepErrored', message: 'no such commit' });
    await expect(scan({ of: 'other' })).rejects.toMatchObject({ type: 'StepErrored' });
  });

  it('ends at its timeout, and when the run is cancelled', async () => {
    const slow = world();
    slow.scanner.hangs = true;
    await expect(slow.scan({}, 0.01)).rejects.toMatchObject({ type: 'StepTimedOut' });
    const other = world();
    other.scanner.hangs = true;
    const ended = other.scan();
    other.environment.cancel('CANCELLED');
    await expect(ended).rejects.toMatchObject({ name: 'CancelledFailure' });
  });

  it('finds the same artifact again when it is repeated', async () => {
    const { scan, artifacts } = world({ findings: [finding('low')] });
    expect(await scan()).toEqual(await scan());
    expect(artifacts.digests).toHaveLength(1);
  });
});
