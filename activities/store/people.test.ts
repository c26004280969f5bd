import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Evidence } from '../../workflows/domain/gate.js';
import { createStore } from './store.js';
import type { Scope, Store } from './store.ports.js';
import { type ThrowAway, throwAwayPostgres } from './testing.js';
import { openRun } from './testing.runs.js';

let postgres: ThrowAway;
let store: Store;
beforeAll(async () => {
  postgres = await throwAwayPostgres();
  store = await createStore({ url: postgres.url });
  await store.repositories.create('web', 'ada');
});
afterAll(async () => {
  await store?.close();
  await postgres?.remove();
});

const hashOf = (token: string) => createHash('sha256').update(token).digest();
const give = async (login: string, scopes: Scope[], teams: string[] = []) => {
  await store.users.put({ login, teams, disabled: false });
  const hash = hashOf(randomBytes(8).toString('hex'));
  const token = await store.users.addToken({ login, name: 'cli', hash, scopes, expiresAt: null });
  return { hash, token };
};

describe('tokens', () => {
  it('let their user in until they are revoked, expire, or the user is disabled', async () => {
    const { hash, token } = await give('ada', ['read', 'push'], ['admins']);
    expect(await store.users.byTokenHash(hash)).toEqual({
      user: { login: 'ada', teams: ['admins'], disabled: false },
      token,
    });
    await store.users.put({ login: 'ada', teams: ['admins'], disabled: true });
    expect(await store.users.byTokenHash(hash)).toBeUndefined();
    await store.users.put({ login: 'ada', teams: ['admins'], disabled: false });

    const old = hashOf('old');
    const expiresAt = new Date(Date.now() - 1_000);
    await store.users.addToken({ login: 'ada', name: 'old', hash: old, scopes: [], expiresAt });
    expect(await store.users.byTokenHash(old)).toBeUndefined();

    expect(await store.users.revokeToken(token.id, 'nobody')).toBe(false);
    expect(await store.users.revokeToken(token.id)).toBe(true);
    expect(await store.users.byTokenHash(hash)).toBeUndefined();
    expect(await store.users.revokeToken('not-an-id')).toBe(false);
    expect(await store.users.byTokenHash(hashOf('never given'))).toBeUndefined();
  });

  it('that are looked up together each let in their own user, and nobody else', async () => {
    const logins = ['ann', 'bob', 'cy', 'dan'];
    const hashes = await Promise.all(logins.map(async (login) => (await give(login, [])).hash));
    const asked = [...hashes, hashOf('never given'), ...hashes.toReversed()];
    const found = await Promise.all(asked.map((hash) => store.users.byTokenHash(hash)));
    expect(found.map((one) => one?.user.login)).toEqual([
      ...logins,
      undefined,
      ...logins.toReversed(),
    ]);
  });

  it('note their use at most once a minute', async () => {
    const { hash, token } = await give('grace', ['read']);
    const used = async () =>
      (await store.users.tokens({ login: 'grace', limit: 9 })).items.find((t) => t.id === token.id)
        ?.lastUsedAt;
    expect(await used()).toBeNull();
    await store.users.byTokenHash(hash);
    const first = await used();
    expect(first).toBeInstanceOf(Date);
    await store.users.byTokenHash(hash);
    expect(await used()).toEqual(first);
  });

  it('are listed without their hash', async () => {
    const { items } = await store.users.tokens({ limit: 200 });
    expect(items.length).toBeGreaterThan(0);
    for (const token of items) expect(token).not.toHaveProperty('hash');
  });

  it('can be added twice and are one', async () => {
    const token = { login: 'ada', name: 'n', hash: hashOf('same'), scopes: [], expiresAt: null };
    const [a, b] = [await store.users.addToken(token), await store.users.addToken(token)];
    expect(a).toEqual(b);
  });
});

describe('approvers', () => {
  it('are active, hold a live token that may approve, and are named by login or team', async () => {
    await give('lin', ['approve'], ['release-team']);
    await give('joe', ['admin']);
    await give('eve', ['read'], ['release-team']);
    const { token } = await give('bob', ['approve'], ['release-team']);
    await give('sam', ['approve'], ['release-team']);
    await store.users.put({ login: 'sam', teams: ['release-team'], disabled: true });
    expect(await store.users.approvers(['release-team', 'joe'])).toEqual(['bob', 'joe', 'lin']);
    await store.users.revokeToken(token.id);
    expect(await store.users.approvers(['release-team', 'joe'])).toEqual(['joe', 'lin']);
    expect(await store.users.approvers([])).toEqual(['joe', 'lin']);
    expect(await store.users.approvers(['nobody'])).toEqual([]);
  });
});

describe('pushes', () => {
  const push = {
    repository: 'web',
    ref: 'refs/heads/main',
    by: 'ada',
    runId: 'web-1',
    order: 1,
    oldCommit: '0'.repeat(40),
    newCommit: 'a'.repeat(40),
    pipeline: { plan: null },
  };

  it('are one while they are unsettled, and new after that', async () => {
    const first = await store.repositories.receivePush(push);
    const again = await store.repositories.receivePush({ ...push, runId: 'web-2', order: 2 });
    expect(again).toEqual(first);
    expect(await store.repositories.unsettledPushes('web')).toEqual([first]);
    await store.repositories.settlePush(first.id, 'dropped');
    await store.repositories.settlePush(first.id, 'accepted');
    expect(await store.repositories.unsettledPushes()).toEqual([]);
    const later = await store.repositories.receivePush({ ...push, runId: 'web-3', order: 3 });
    expect(later).toMatchObject({ runId: 'web-3', state: 'received' });
    expect(later.id).not.toBe(first.id);
  });

  it('take places in the order of triggers that no other takes', async () => {
    await store.repositories.create('api', 'ada');
    await store.repositories.create('api', 'grace');
    const places = await Promise.all(
      Array.from({ length: 30 }, () => store.repositories.nextOrder('api')),
    );
    expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    await expect(store.repositories.nextOrder('gone')).rejects.toThrow('no repository "gone"');
    const { items } = await store.repositories.list({ limit: 9 });
    expect(items.map((r) => r.name)).toEqual(['api', 'web']);
    expect(await store.repositories.exists('gone')).toBe(false);
  });
});

describe('gates', () => {
  it('keep their frozen question, each answer once, and the first outcome', async () => {
    const runId = await openRun(store, { steps: ['approve'] });
    const evidence = { commit: 'c'.repeat(40), steps: [] } as unknown as Evidence;
    const gate = {
      runId,
      step: 'approve',
      stage: 'production',
      approvers: ['release-team'],
      required: 2,
      selfApproval: false,
      evidence,
      expiresAt: new Date('2030-01-01'),
    };
    await store.gates.open(gate);
    await store.gates.open({ ...gate, required: 9 });
    const decision = { by: 'lin', teams: [], answer: 'approve' as const };
    await store.gates.decide(runId, 'approve', decision);
    await store.gates.decide(runId, 'approve', { ...decision, answer: 'reject', reason: 'no' });
    await store.gates.close(runId, 'approve', 'approved', null);
    await store.gates.close(runId, 'approve', 'expired', 'late');
    expect(await store.gates.get(runId, 'approve')).toMatchObject({
      ...gate,
      outcome: 'approved',
      reason: null,
      closedAt: expect.any(Date),
      decisions: [{ by: 'lin', answer: 'approve', reason: null }],
    });
    expect(await store.gates.list({ state: 'open', limit: 5 })).toEqual({ items: [], next: null });
    expect((await store.gates.list({ runId, limit: 5 })).items).toHaveLength(1);
    expect(await store.gates.get(runId, 'other')).toBeUndefined();
  });
});

describe('stages', () => {
  const seen = {
    repository: 'web',
    name: 'staging',
    url: 'http://127.0.0.1:1',
    revision: 'r1',
    digest: 'd1',
    health: 'healthy' as const,
    message: '',
  };
  it('keep what the target saw and the queue beside each other', async () => {
    await store.stages.queue('web', 'staging', [{ runId: 'web-1', state: 'holding' }]);
    await store.stages.observe(seen);
    expect(await store.stages.get('web', 'staging')).toEqual({
      ...seen,
      silentMs: expect.any(Number),
      queue: [{ runId: 'web-1', state: 'holding' }],
    });
    expect((await store.stages.list({ repository: 'other', limit: 9 })).items).toEqual([]);
    expect((await store.stages.list({ limit: 9 })).items).toHaveLength(1);
  });

  it('remember each commit once, and each release', async () => {
    const event = {
      repository: 'web',
      stage: 'staging',
      revision: 'r1',
      kind: 'deploy' as const,
      digest: 'd1',
      rejected: null,
      runId: 'web-1',
      reason: null,
    };
    await store.stages.happened(event);
    await store.stages.happened(event);
    const history = await store.stages.history({ repository: 'web', stage: 'staging', limit: 5 });
    expect(history.items).toEqual([{ ...event, at: expect.any(Date) }]);
    const release = {
      digest: 'd1',
      repository: 'web',
      commit: 'c',
      runId: 'web-1',
      artifacts: [],
    };
    await store.stages.keepRelease(release);
    await store.stages.keepRelease(release);
    expect(await store.stages.release('d1')).toMatchObject(release);
    expect(await store.stages.release('d2')).toBeUndefined();
  });

  it('tell a put-back from a rejection of what did not serve any more', async () => {
    const told = [
      ['deploy', 'one', null],
      ['deploy', 'two', null],
      ['putBack', 'two', 'one'],
      ['putBack', 'one', 'two'],
      ['putBack', null, 'one'],
    ] as const;
    for (const [index, [kind, digest, rejected]] of told.entries()) {
      const place = { repository: 'web', stage: 'shown', revision: `shown-${index}` };
      const event = { ...place, kind, digest, rejected, runId: 'web-1', reason: null };
      await store.stages.happened(event);
    }
    const all = await store.stages.history({ repository: 'web', stage: 'shown', limit: 9 });
    expect(all.items.map(({ kind }) => kind)).toEqual([
      'putBack',
      'putBack',
      'rejection',
      'deploy',
      'deploy',
    ]);
  });
});

describe('the audit log', () => {
  it('keeps every command, newest first', async () => {
    for (const action of ['run.start', 'run.cancel', 'gate.approve']) {
      await store.audit.add({ by: 'ada', action, subject: 'run/web-1', detail: { x: 'a\0b' } });
    }
    const first = await store.audit.list({ limit: 2 });
    expect(first.items.map((e) => e.action)).toEqual(['gate.approve', 'run.cancel']);
    expect(first.items[0]?.detail).toEqual({ x: 'ab' });
    const last = await store.audit.list({ limit: 2, cursor: first.next ?? '' });
    expect(last).toMatchObject({ items: [{ action: 'run.start' }], next: null });
  });
});
