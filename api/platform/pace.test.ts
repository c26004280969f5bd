import { describe, expect, it } from '@jest/globals';
import { ComeBack, Departures } from './pace.js';

class HandClock {
  ms = 0;
  readonly now = () => this.ms;
  pass(seconds: number): void {
    this.ms += seconds * 1_000;
  }
}

describe('departures', () => {
  it('are counted over the last minute', () => {
    const clock = new HandClock();
    const departures = new Departures(clock.now);
    expect(departures.perSecond()).toBe(0);
    clock.pass(100);
    for (let turn = 0; turn < 120; turn++) departures.left();
    expect(departures.perSecond()).toBeCloseTo(2);
    clock.pass(61);
    expect(departures.perSecond()).toBe(0);
  });

  it('are not made fewer by a process that is young', () => {
    const clock = new HandClock();
    const departures = new Departures(clock.now);
    clock.pass(10);
    for (let turn = 0; turn < 20; turn++) departures.left();
    expect(departures.perSecond()).toBeCloseTo(2);
  });

  it('are not made fewer by how many are remembered', () => {
    const clock = new HandClock();
    const departures = new Departures(clock.now);
    for (let turn = 0; turn < 5_000; turn++) {
      clock.pass(0.01);
      departures.left();
    }
    expect(departures.perSecond()).toBeCloseTo(100, -1);
  });
});

describe('who is refused', () => {
  it('is told when there will be room, by the pace that was measured', () => {
    expect(new ComeBack(() => 0).seconds({ ahead: 30, perSecond: 2 })).toBe(15);
  });

  it('is told another time than the one before', () => {
    const comeBack = new ComeBack(() => 0);
    const told = Array.from({ length: 5 }, () => comeBack.seconds({ ahead: 1, perSecond: 0.5 }));
    expect(told).toEqual([2, 4, 6, 8, 10]);
  });

  it('is not told to wait for those who were refused long ago', () => {
    const clock = new HandClock();
    const comeBack = new ComeBack(clock.now);
    for (let turn = 0; turn < 100; turn++) comeBack.seconds({ ahead: 1, perSecond: 1 });
    clock.pass(1_000);
    expect(comeBack.seconds({ ahead: 1, perSecond: 1 })).toBe(1);
  });

  it('is told a second at least, ten minutes at most, and a minute when nothing goes on', () => {
    const comeBack = new ComeBack(() => 0);
    expect(comeBack.seconds({ ahead: 1, perSecond: 1_000 })).toBe(1);
    expect(comeBack.seconds({ ahead: 1, perSecond: 0 })).toBe(60);
    for (let turn = 0; turn < 10_000; turn++) comeBack.seconds({ ahead: 9, perSecond: 0.1 });
    expect(comeBack.seconds({ ahead: 9, perSecond: 0.1 })).toBe(600);
  });
});
