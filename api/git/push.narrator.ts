/** Tells whoever pushed what their runs do, until each is over or waits for people. */
import { StoreUnavailable } from '../../activities/store/errors.js';
import type { StageRow, Store } from '../../activities/store/store.ports.js';
import { createTeller, verdict } from '../client/narrate.js';
import { untilPeople } from '../client/until-people.js';
import type { RunEvent } from '../client/wire.js';
import type { RunEvents } from '../runs/run-events.js';
import type { Say } from './hook.channel.js';

/** The longest that a push stays open for its runs, milliseconds (4 h). Runs go on without it. */
const MAX_NARRATION_MS = 14_400_000;
/**
 * Pushes that are told of their runs at once. A push that is told holds its place among the requests
 * that git may have open; for a new one the longest told is let go, with the words to go on by itself.
 */
const MAX_TOLD = 100;
/** Stages that a verdict looks at. */
const MAX_STAGES = 200;
/** Looks at the record in a row that may fail, and the pause between them. */
const MAX_FAILED_LOOKS = 60;
const PAUSE_MS = 1_000;

export interface NarratorParts {
  events: Pick<RunEvents, 'start'>;
  store: { stages: Pick<Store['stages'], 'list'> };
}

export interface ToldRun {
  id: string;
  repository: string;
  /** Before each line, where a push starts several runs. */
  prefix: string;
}

export class PushNarrator {
  /** The longest told first. */
  private readonly told = new Set<AbortController>();

  constructor(
    private readonly parts: NarratorParts,
    private readonly maxTold = MAX_TOLD,
  ) {}

  /** Never throws: a push that Git has accepted must not look refused. */
  async narrate(runs: ToldRun[], say: Say, signal: AbortSignal): Promise<void> {
    if (runs.length === 0) return;
    const place = this.takePlace();
    const ends = [signal, place.signal, AbortSignal.timeout(MAX_NARRATION_MS)];
    const limited = AbortSignal.any(ends);
    await Promise.all(runs.map((run) => this.narrateRun(run, say, limited)));
    this.told.delete(place);
  }

  private takePlace(): AbortController {
    const [longest] = this.told;
    if (longest && this.told.size >= this.maxTold) {
      this.told.delete(longest);
      longest.abort();
    }
    const place = new AbortController();
    this.told.add(place);
    return place;
  }

  private async narrateRun(run: ToldRun, say: Say, signal: AbortSignal): Promise<void> {
    const teller = createTeller();
    const tell = (lines: string[]) => {
      for (const line of lines.flatMap((text) => text.split('\n'))) say(`${run.prefix}${line}`);
    };
    try {
      const events = (enough: AbortSignal) =>
        this.events(run.id, AbortSignal.any([signal, enough]));
      for await (const event of untilPeople(events, teller.story)) tell(teller.tell(event));
      const stages = await this.stages(run.repository);
      const said = verdict(teller.story, { stages });
      tell(said.length > 0 ? said : [`the run goes on: slipway watch ${run.id}`]);
    } catch {
      tell([`the run goes on and cannot be shown here: slipway watch ${run.id}`]);
    }
  }

  /** Goes on after the last event when the record was away for a while. */
  private async *events(runId: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
    let after = 0;
    for (let failed = 0; !signal.aborted; ) {
      try {
        for await (const event of await this.parts.events.start(runId, { after, signal })) {
          failed = 0;
          if (event === 'quiet') continue;
          after = event.id ?? after;
          yield event;
        }
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || ++failed > MAX_FAILED_LOOKS) throw error;
        await pause(PAUSE_MS, signal);
      }
    }
  }

  private async stages(repository: string): Promise<StageRow[]> {
    const page = this.parts.store.stages.list({ repository, limit: MAX_STAGES });
    return page.then(
      ({ items }) => items,
      () => [],
    );
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
