import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { watchPulse } from './pulse.js';

/** A child that answers when the test says so. */
class FakeChild extends EventEmitter {
  connected = true;
  answers = true;
  send(): boolean {
    this.emit('asked');
    if (this.answers) this.emit('message', 'pong');
    return true;
  }
  async asked(times: number): Promise<void> {
    for (let count = 0; count < times; count++) await once(this, 'asked');
  }
}

function watched(child: FakeChild) {
  const said: string[] = [];
  const stop = watchPulse(
    child as never,
    { say: (text) => void said.push(text), lost: () => void said.push('lost') },
    5,
  );
  return { said, stop };
}

describe('the pulse of a process', () => {
  it('that is there is not mentioned', async () => {
    const child = new FakeChild();
    const { said, stop } = watched(child);
    await child.asked(20);
    stop();
    expect(said).toEqual([]);
  });

  it('that stays away is said, and that it is back, too', async () => {
    const child = new FakeChild();
    const { said, stop } = watched(child);
    child.answers = false;
    await child.asked(6);
    child.answers = true;
    await child.asked(2);
    stop();
    expect(said).toEqual([
      'has not answered for 0.015 s: it is stopped, or has too much to do',
      'answers again',
    ]);
  });

  it('that stays away too long is given up, once', async () => {
    const child = new FakeChild();
    child.answers = false;
    const { said, stop } = watched(child);
    await child.asked(20);
    stop();
    expect(said.filter((text) => text === 'lost')).toHaveLength(1);
  });

  it('of a process whose line is closed is not asked for', async () => {
    const child = new FakeChild();
    child.answers = false;
    const { stop } = watched(child);
    await child.asked(1);
    child.connected = false;
    child.send = () => {
      throw new Error('the channel is closed');
    };
    await new Promise((resolve) => setTimeout(resolve, 30));
    stop();
  });
});
