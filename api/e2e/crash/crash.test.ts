/** At least thirty kills, the same ones every time; the long mode is `npm run crash`. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ground, type Played } from './campaign.js';
import { Random } from './random.js';
import { SCENARIOS } from './scenarios.js';
import { killsOf, tableOf, totalsOf } from './table.js';

const SEED = 'slipway-380';
const LEAST_KILLS = 30;
/** Between them they kill the engine, the API and PostgreSQL, and two at once. */
const CHAT_PLAYS = [1, 4];
/** Of one play, whatever is killed in it. */
const PLAY_LIMIT_MS = 240_000;

describe('killed at seeded moments', () => {
  const random = new Random(SEED);
  const played: Played[] = [];
  let ground: Ground;
  let isEnded = false;
  beforeAll(async () => {
    ground = await Ground.make();
  });
  afterAll(async () => {
    if (!isEnded) await ground?.end({ keep: false });
  });

  const play = async (name: string, nth: number): Promise<string[]> => {
    const scenario = SCENARIOS.find((each) => each.name === name);
    if (scenario === undefined) throw new Error(`there is no scenario "${name}"`);
    const result = await ground.play(scenario, nth, random);
    played.push(result);
    return result.violations;
  };

  it.each([
    ['green', 'a delivery succeeds'],
    ['failing-check', 'a failed check puts the stage back'],
    ['approval', 'two people approve, each once'],
    ['rejection', 'a rejected release is put back'],
    ['queue', 'runs for one stage go one after the other, pushed and started by hand'],
    ['cancel', 'a run that is cancelled while it deploys is put back'],
    ['watch', 'production that turns sick is put back'],
    ['continue-as-new', 'a run lives through several histories'],
    ['two-stacks', 'and a stack beside this one notices nothing'],
  ])(
    '%s: %s',
    async (name) => {
      expect(await play(name, 0)).toEqual([]);
    },
    PLAY_LIMIT_MS,
  );

  it(
    'chat: people talk, ask and open tickets, and have every letter once',
    async () => {
      for (const nth of CHAT_PLAYS) expect(await play('chat', nth)).toEqual([]);
    },
    CHAT_PLAYS.length * PLAY_LIMIT_MS,
  );

  it(
    'that is at least thirty kills, each of which was recovered from',
    async () => {
      for (let nth = 1; killsOf(played) < LEAST_KILLS; nth++) {
        for (const name of ['green', 'failing-check', 'rejection']) {
          expect(await play(name, nth)).toEqual([]);
        }
      }
      const totals = totalsOf(played);
      for (const { victim, kills, recovered } of totals) {
        expect([victim, recovered]).toEqual([victim, kills]);
      }
      process.stderr.write(`${tableOf(totals)}\n`);
    },
    4 * PLAY_LIMIT_MS,
  );

  it('leaves no process, no lock and no temporary folder, and starts again', async () => {
    isEnded = true;
    expect(await ground.end({ keep: false })).toEqual([]);
  });
});
