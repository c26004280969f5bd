import { describe, expect, it } from '@jest/globals';
import type { Assistance, Proposal } from '../client/wire.assistant.js';
import { told as slipway } from './testing/answers.js';

const proposal = (over: Partial<Proposal> = {}): Proposal => ({
  id: '6f1de2a5-7b19-4a1e-9a64-0a6b0c1f8d11',
  by: 'ada',
  actions: [{ action: 'cancel-run', run: 'web-1' as never, reason: 'wrong branch' }],
  state: 'open',
  results: [],
  decidedBy: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-02T03:19:05.000Z',
  ...over,
});
const assistance = (over: Partial<Assistance> = {}): Assistance => ({
  answer: 'One run waits.',
  looked: null,
  proposal: null,
  model: { name: 'small', isToy: false },
  ...over,
});

describe('slipway ask', () => {
  it('takes the words as they come, and shows the answer and what it rests on', async () => {
    const looked = { tool: 'list_runs', arguments: { status: 'waiting' }, data: [{ id: 'web-7' }] };
    const { code, out, heard } = await slipway('ask which runs wait', [assistance({ looked })]);
    expect(code).toBe(0);
    expect(heard).toEqual([
      { method: 'POST', path: '/api/v1/assistant', body: { text: 'which runs wait' } },
    ]);
    expect(out).toContain('One run waits.');
    expect(out).toContain('looked at list_runs');
    expect(out).toContain('web-7');
  });

  it('says when a toy answered, and how to get a model', async () => {
    const { out } = await slipway('ask hello', [
      assistance({ model: { name: 'toy', isToy: true } }),
    ]);
    expect(out).toContain('slipway models pull');
  });

  it('shows a proposal with the command that lets it happen', async () => {
    const { out } = await slipway('ask stop it', [assistance({ proposal: proposal() })]);
    expect(out).toContain('1. cancel-run: run web-1, reason wrong branch');
    expect(out).toContain(`slipway proposals approve ${proposal().id}`);
  });

  it('wants a question', async () => {
    expect((await slipway('ask', [])).code).toBe(2);
  });
});

describe('slipway proposals', () => {
  it('says of an approved one what was done', async () => {
    const results = [{ ok: true, message: 'cancelled web-1' }];
    const { code, out } = await slipway('proposals approve x', [
      proposal({ state: 'done', results }),
    ]);
    expect(code).toBe(0);
    expect(out).toContain('→ cancelled web-1');
  });

  it('exits with 1 when an action was refused', async () => {
    const results = [{ ok: false, message: 'run "web-1" has ended' }];
    const done = proposal({ state: 'refused', results });
    const { code, out } = await slipway('proposals approve x', [done]);
    expect(code).toBe(1);
    expect(out).toContain('refused: run "web-1" has ended');
  });

  it('are shown and discarded', async () => {
    const { heard } = await slipway('proposals discard x', [proposal({ state: 'discarded' })]);
    expect(heard[0]).toMatchObject({ method: 'DELETE', path: '/api/v1/assistant/proposals/x' });
    expect((await slipway('proposals show x --json', [proposal()])).out).toContain('"open"');
  });
});
