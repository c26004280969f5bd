/** An answer on its way into the record, when the record does not say whether it took it. */
import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../activities/store/errors.js';
import { TURN_LIMITS } from './turns.limits.js';
import { LiveTurn } from './turns.live.js';
import { TurnSaver } from './turns.saving.js';

const TURN = {
  id: '00000000-0000-4000-8000-000000000001',
  conversationId: '00000000-0000-4000-8000-000000000002',
  parentId: null,
  login: 'ada',
  wish: {} as never,
  text: '',
  attempt: 1,
};

/** A record that takes text and then loses its answer, as often as it is told to. */
class Forgetful {
  text = '';
  losses = 0;
  readonly heard: string[] = [];

  async append(_id: string, _replica: number, from: number, text: string): Promise<boolean> {
    this.heard.push(text);
    const isKnown = this.text.slice(from) === text;
    if (!isKnown && this.text.length !== from) return false;
    if (!isKnown) this.text += text;
    if (this.losses-- > 0) throw new StoreUnavailable(new Error('the connection is gone'));
    return true;
  }

  async get(): Promise<undefined> {
    return undefined;
  }

  async finish(): Promise<boolean> {
    return true;
  }
}

describe('the way of an answer into the record', () => {
  it('sends again just what was sent, when nobody said that it was stored', async () => {
    const record = new Forgetful();
    const live = new LiveTurn(TURN, () => {});
    let rings = 0;
    const over = new AbortController();
    const bell = {
      rings: async () => {
        if (rings++ < 3) live.says('abc');
        else over.abort();
        return true;
      },
      remove: () => {},
    };
    const limits = { ...TURN_LIMITS, saveEveryMs: 0, retryFirstMs: 0, retryMaxMs: 0 };
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const parts = { turns: record as never, replica: 1, limits, log, givingUp: over.signal };
    const saver = new TurnSaver(live, bell, parts);
    over.signal.addEventListener('abort', () => saver.leave());
    record.losses = 1;
    await saver.follow();
    expect(record.heard.slice(0, 2)).toEqual(['abc', 'abc']);
    expect(live.stopReason).toBeUndefined();
    await saver.leaveBehind();
    expect(record.text).toBe(live.text);
  });

  it('leaves all of it behind for whoever goes on, also when the last answer was lost', async () => {
    const record = new Forgetful();
    const live = new LiveTurn(TURN, () => {});
    const quiet = { rings: async () => false, remove: () => {} };
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const givingUp = new AbortController().signal;
    const parts = { turns: record as never, replica: 1, limits: TURN_LIMITS, log, givingUp };
    const saver = new TurnSaver(live, quiet, parts);
    live.says('abc');
    record.losses = 1;
    await saver.leaveBehind();
    live.says('def');
    await saver.leaveBehind();
    expect(record.heard).toEqual(['abc', 'abc', 'def']);
    expect(record.text).toBe('abcdef');
  });
});
