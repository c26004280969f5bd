/** Process: `npm run crash`. Kills until enough was killed; ends with 1 when something was violated. */
import { parseArgs } from 'node:util';
import { Ground, type Played } from './campaign.js';
import { Random } from './random.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { killsOf, rowsOf, tableOf, totalsOf } from './table.js';

const EXIT = { good: 0, violated: 1, usage: 2, interrupted: 130 } as const;
const DEFAULT_KILLS = 200;
const USAGE = `usage: npm run crash -- [--kills N] [--seed S] [--only SCENARIO] [--play N] [--json]
scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}`;

interface Options {
  kills: number;
  seed: string;
  scenarios: readonly Scenario[];
  /** Only this play of each scenario. */
  play: number | undefined;
  json: boolean;
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort());
}
/** The play that is under way when somebody wants to stop is left alone. */
const stopped = new Promise<undefined>((resolve) => {
  stopping.signal.addEventListener('abort', () => resolve(undefined));
});
const options = readOptions();
if (options === undefined) {
  console.error(USAGE);
  process.exit(EXIT.usage);
}
process.exit(await crash(options));

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        kills: { type: 'string', default: String(DEFAULT_KILLS) },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
        only: { type: 'string' },
        play: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const scenarios = SCENARIOS.filter(({ name }) => [undefined, name].includes(values.only));
    const kills = Number(values.kills);
    const play = values.play === undefined ? undefined : Number(values.play);
    if (!(kills > 0) || scenarios.length === 0 || !((play ?? 0) >= 0)) return undefined;
    return { kills, seed: values.seed, scenarios, play, json: values.json };
  } catch {
    return undefined;
  }
}

async function crash({ kills, seed, scenarios, play, json }: Options): Promise<number> {
  const say = (text: string): void =>
    void (json ? process.stderr : process.stdout).write(`${text}\n`);
  const random = new Random(seed);
  const played: Played[] = [];
  const left: string[] = [];
  let ground: Ground | undefined;
  const leave = async (keep: boolean): Promise<void> => {
    if (ground === undefined) return;
    const { folder } = ground.world;
    const found = await ground.end({ keep });
    left.push(...found);
    for (const sentence of found) say(`  ! left behind: ${sentence}`);
    if (keep || found.length > 0) say(`  the stack's folder is kept: ${folder}`);
    ground = undefined;
  };
  say(`seed ${seed}`);
  const isEnough = () => stopping.signal.aborted || killsOf(played) >= kills;
  for (let round = play ?? 0; !isEnough() && (play === undefined || round === play); round++) {
    for (const scenario of random.fork(`order/${round}`).shuffled(scenarios)) {
      if (isEnough()) break;
      ground ??= await Ground.make();
      const result = await Promise.race([ground.play(scenario, round, random), stopped]);
      if (result === undefined) break;
      played.push(result);
      say(`${String(killsOf(played)).padStart(5)} ${lineOf(result)}`);
      for (const sentence of result.violations) say(`  ! ${sentence}`);
      const isViolated = result.violations.length > 0;
      if (isViolated) {
        say(`  repeat: npm run crash -- --seed ${seed} --only ${scenario.name} --play ${round}`);
      }
      if (isViolated || ground.isWornOut) await leave(isViolated);
    }
  }
  if (stopping.signal.aborted) {
    say('stopping the stacks …');
    await ground?.cutOff();
  } else {
    await leave(false);
  }
  const violations = played.reduce((sum, each) => sum + each.violations.length, 0) + left.length;
  const rows = rowsOf(played);
  const totals = totalsOf(played);
  if (json) console.log(JSON.stringify({ seed, kills: killsOf(played), violations, rows, totals }));
  else say(`\n${tableOf([...rows, ...totals])}\n`);
  say(`${killsOf(played)} kills in ${played.length} plays, ${violations} violations, seed ${seed}`);
  if (violations > 0) return EXIT.violated;
  return stopping.signal.aborted ? EXIT.interrupted : EXIT.good;
}

function lineOf({ scenario, play, hits }: Played): string {
  const kills = hits.map(({ killed, strike, recoveries }) => {
    const names = killed.map(({ victim }) => victim).join(' + ');
    const at = 'boundary' in strike.moment ? `@${strike.moment.boundary}` : 'after a while';
    const ms = Math.max(...recoveries.map((each) => each?.ms ?? 0));
    return `${names} ${at} ${(ms / 1_000).toFixed(1)} s`;
  });
  return `${scenario} ${play}: ${kills.join(', ') || 'nothing killed'}`;
}
