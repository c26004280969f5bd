/** Shows a run until it ends or waits for a person: a live tree in a terminal, plain lines elsewhere. */
import { createLogUpdate } from 'log-update';
import type { Client } from '../client/client.js';
import { createTeller, Story, tree } from '../client/narrate.js';
import { untilPeople } from '../client/until-people.js';
import type { Screen } from './screen.js';

/** Frames per second of the live tree. */
const FRAME_MS = 100;

export interface Shown {
  client: Client;
  screen: Screen;
  signal: AbortSignal;
  runId: string;
}

export async function showRun({ client, screen, signal, runId }: Shown): Promise<void> {
  const story = new Story();
  const teller = createTeller(story);
  const live = process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined;
  const draw = () =>
    live?.(
      tree(story, {
        columns: process.stdout.columns ?? 80,
        rows: process.stdout.rows ?? 24,
        colour: !process.env['NO_COLOR'],
        nowMs: Date.now(),
      }),
    );
  const frames = live ? setInterval(draw, FRAME_MS) : undefined;
  try {
    const events = untilPeople(
      (enough) => client.runs.events(runId, { signal: AbortSignal.any([signal, enough]) }),
      story,
    );
    for await (const event of events) {
      const lines = teller.tell(event);
      if (!live) for (const line of lines) screen.line(`  ${line}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(frames);
    draw();
    live?.done();
  }
}
