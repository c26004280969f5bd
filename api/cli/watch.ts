/** Shows a run while it happens: a live tree in a terminal, a line per event elsewhere. */
import type { Client } from '../client/client.js';
import { createTeller, Story, tree, verdict } from '../client/narrate.js';
import { forTerminal } from '../client/narrate.text.js';
import { untilPeople } from '../client/until-people.js';
import type { RunEvent } from '../client/wire.js';
import { exitOf } from './exit.js';
import type { Context, Io, Result } from './io.js';
import { patiently } from './patience.js';

const FRAME_MS = 100;

export interface WatchOptions {
  /** Goes on while the run waits for people, until it is over. */
  toEnd?: boolean;
}

/**
 * Until the run is over, waits for people, or Ctrl-C. None of these stops the run. Reconnects by
 * itself when the API is started again.
 */
export async function watchRun(
  context: Context,
  client: Client,
  runId: string,
  { toEnd = false }: WatchOptions = {},
): Promise<Result> {
  const { io, json } = context;
  const story = new Story();
  const teller = createTeller(story);
  const say = json ? io.err : io.out;
  const live = json ? undefined : await liveDisplay(io, story);
  const follow = (signal: AbortSignal): AsyncIterable<RunEvent> =>
    client.runs.events(runId, {
      signal: AbortSignal.any([signal, io.interrupted]),
      broken: onceUntil(() => io.err('the API does not answer; the run goes on, and so do we')),
    });
  try {
    const source = toEnd ? follow(io.interrupted) : untilPeople(follow, story);
    for await (const event of source) {
      const lines = teller.tell(event);
      if (!live) lines.flatMap((line) => line.split('\n')).forEach(say);
    }
  } catch (error) {
    if (!io.interrupted.aborted) throw error;
  } finally {
    live?.();
  }
  if (io.interrupted.aborted && !story.isFinal)
    io.err(`left; the run goes on: slipway watch ${runId}`);
  return ending(io, client, runId, story);
}

async function ending(io: Io, client: Client, runId: string, story: Story): Promise<Result> {
  const run = await patiently(io, () => client.runs.get(runId));
  if (!run) throw new Error(`the API answered nothing about run "${runId}"`);
  story.take({ event: 'run', data: run });
  const stages = await client.stages.list({ repository: run.repository }).catch(() => undefined);
  const lines = verdict(story, { stages: stages?.items ?? [] });
  return { code: exitOf(run.status), json: run, lines };
}

/** Draws until the returned function is called. Undefined where nothing can be drawn. */
async function liveDisplay(io: Io, story: Story): Promise<(() => void) | undefined> {
  const { terminal, colour } = io;
  if (!terminal) return undefined;
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(terminal);
  const draw = () => {
    const { columns, rows } = terminal;
    update(forTerminal(tree(story, { columns, rows: rows - 1, nowMs: Date.now(), colour })));
  };
  const timer = setInterval(draw, FRAME_MS);
  return () => {
    clearInterval(timer);
    draw();
    update.done();
  };
}

/** Says it once, not at every try. */
function onceUntil(say: () => void): () => void {
  let said = false;
  return () => {
    if (!said) say();
    said = true;
  };
}
