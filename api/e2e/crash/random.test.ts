import { describe, expect, it } from '@jest/globals';
import { AT_BOUNDARIES, strikesOf } from './killer.js';
import { Random } from './random.js';
import { SCENARIOS } from './scenarios.js';
import { VICTIMS } from './victims.js';

describe('the strikes of a play', () => {
  it('are the same for the same seed, and others for another', () => {
    const [scenario] = SCENARIOS;
    const of = (seed: string, play: number) =>
      JSON.stringify(strikesOf(scenario!, play, new Random(seed)));
    expect(of('a', 3)).toBe(of('a', 3));
    expect(of('a', 3)).not.toBe(of('b', 3));
    expect(of('a', 3)).not.toBe(of('a', 4));
  });

  it('come, play by play, to every victim at every boundary', () => {
    for (const scenario of SCENARIOS) {
      const random = new Random('a');
      const met = new Set<string>();
      const { boundaries, victims: of = VICTIMS } = scenario;
      const plays = (boundaries * of.length) / AT_BOUNDARIES;
      for (let play = 0; play < plays; play++) {
        for (const { victims, moment } of strikesOf(scenario, play, random)) {
          if ('boundary' in moment) met.add(`${moment.boundary} ${victims.join()}`);
        }
      }
      expect(met.size).toBe(boundaries * new Set(of).size);
    }
  });
});
