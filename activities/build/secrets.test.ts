import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { StepResult } from '../../workflows/domain/step.js';
import { StoreUnavailable } from '../store/errors.js';
import { Stand } from './build.testing.js';

const VALUE = 'correct/horse "battery" stäple';

let stand: Stand;
beforeEach(async () => {
  stand = await Stand.open();
  stand.secrets.values['TOKEN'] = VALUE;
});
afterEach(() => stand.close());

const secrets = ['TOKEN'];
const run = (commands: string[], more: object = {}) =>
  stand.run(commands, { secrets, ...more }) as Promise<StepResult>;

describe('a step that names a secret', () => {
  it('finds it in its environment, and asks with its branch and the stage that it checks', async () => {
    stand.stageUrls = { staging: 'http://127.0.0.1:4321' };
    const isThere = `test "$TOKEN" = '${VALUE}'`;
    expect(await run([isThere], { stage: 'staging' })).toMatchObject({ verdict: 'succeeded' });
    expect(stand.secrets.askers).toEqual([{ repository: 'app', branch: 'main', stage: 'staging' }]);
  });

  it('shows it in no stream of its log, in whatever form and however it is written', async () => {
    await run([
      'echo "plain: $TOKEN" >&2',
      'printf "%s" "${TOKEN%horse*}"; sleep 0.1; printf "%s\\n" "horse${TOKEN#*horse}"',
      'printf %s "$TOKEN" | base64',
      'printf "user:%s" "$TOKEN" | base64 | tr +/ -_',
      'set -x; true "$TOKEN"; set +x',
      `"${process.execPath}" -e 'const t = process.env.TOKEN; console.log(encodeURIComponent(t), JSON.stringify(t));
        for (const c of t) require("fs").writeSync(1, c); console.log()'`,
    ]);
    const log = stand.logs.text();
    expect(log).toContain('plain: ***\n');
    expect(log).not.toMatch(/battery|st(ä|%C3%A4|\\u00e4)ple/);
    expect(log).not.toContain(Buffer.from(VALUE).toString('base64').slice(0, 16));
    expect(stand.logs.text('stdout').match(/\*\*\*/g)?.length).toBeGreaterThanOrEqual(6);
  });

  it('is not told of secrets that it does not name', async () => {
    stand.secrets.values['OTHER'] = 'another value';
    await run(['env | grep -c "another value" || true']);
    expect(stand.logs.text('stdout')).toBe('0\n');
    expect(await stand.run(['env'])).toMatchObject({ verdict: 'succeeded' });
    expect(stand.logs.text('stdout')).not.toContain('horse');
    expect(stand.secrets.askers).toHaveLength(1);
  });

  it('says no with the reason, before anything runs, when it is not given one', async () => {
    expect(await run(['echo ran'], { secrets: ['TOKEN', 'OTHER'] })).toEqual({
      verdict: 'failed',
      reason: 'the secret "OTHER" is not set',
    });
    expect(stand.logs.text('stdout')).toBe('');
    expect(stand.logs.text('slipway')).toContain('the secret "OTHER" is not set\n');
  });

  it('is errored, with what to do, when we cannot find out', async () => {
    stand.secrets.trouble = new StoreUnavailable(new Error('connection refused'));
    await expect(run(['true'])).rejects.toMatchObject({
      type: 'StepErrored',
      message: expect.stringMatching(
        /^the secrets of this step cannot be read: .*goes on by itself/,
      ),
    });
  });

  it('says no to an output that holds it, and does not quote it', async () => {
    const write = 'printf "%s\\n" "value=v-$TOKEN" >> "$SLIPWAY_OUTPUT"';
    const result = await run([write], { outputs: ['value'] });
    expect(result).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('it holds a secret of this step'),
    });
    expect(JSON.stringify(result)).not.toContain('horse');
  });

  it('keeps it out of reasons and errors that quote what it wrote', async () => {
    const refused = await run(['touch "correct horse"'], {
      spec: { artifacts: ['correct*'], commands: ['ln -s "/${TOKEN}" link'] },
    });
    expect(JSON.stringify(refused)).not.toContain('battery');
    stand.refusal = ApplicationFailure.create({
      message: `cannot fetch: ${VALUE}`,
      type: 'StepErrored',
      cause: new Error(VALUE),
    });
    const thrown: ApplicationFailure = await run(['true']).then(
      () => Promise.reject(new Error('it must fail')),
      (error: ApplicationFailure) => error,
    );
    expect([thrown.type, thrown.message]).toEqual(['StepErrored', 'cannot fetch: ***']);
    expect([thrown.cause, thrown.stack]).toEqual([undefined, expect.not.stringContaining('horse')]);
  });

  it('takes it for its own words, and shows ours', async () => {
    stand.secrets.values['TOKEN'] = 'commands';
    expect(await run(['true', 'true'])).toMatchObject({ summary: '2 *** ok' });
    expect(stand.logs.text('slipway')).toContain('executor plain: commands run as this user');
  });
});
