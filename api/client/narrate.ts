/**
 * How a run is told in lines: for pushes, pipes and logs of other machines. Pure.
 *
 * `createTeller` turns events into lines as they come, `verdict` says how it ended and what to do next,
 * `tree` (narrate.tree.ts) draws the whole run as one frame for a live terminal.
 */
import { short } from '../../workflows/domain/names.js';
import { isFinal } from '../../workflows/domain/run.js';
import { Story } from './narrate.story.js';
import { clean, cleanLines, duration, elapsed } from './narrate.text.js';
import type { RunEvent, RunSummary, Step } from './wire.js';

export { Story } from './narrate.story.js';
export { type Frame, tree } from './narrate.tree.js';

/** Lines of a reason, and of the log of a step that said no. */
const MAX_REASON_LINES = 20;
const MAX_LOG_LINES = 10;

/** Where the reader can go next. */
export interface Words {
  /** How the reader calls the CLI. Default: `slipway`. */
  command?: string;
  /** Stages of the run's repository, with their addresses. */
  stages?: readonly { name: string; url: string | null }[];
}

export interface Teller {
  readonly story: Story;
  /** What is new for a person: one line per step's end, and one when it starts to wait. */
  tell(event: RunEvent): string[];
}

/** Events may come again, after a broken connection: what was told is not told twice. */
export function createTeller(story: Story = new Story()): Teller {
  const told = new Map<string, string>();
  let opened = false;
  return {
    story,
    tell: (event) => {
      story.take(event);
      if (event.event === 'run' && !opened) {
        opened = true;
        return [opening(event.data)];
      }
      if (event.event !== 'step') return [];
      const step = event.data;
      const key = keyOf(step);
      if (key === undefined || told.get(step.name) === key) return [];
      told.set(step.name, key);
      return linesOf(step, story);
    },
  };
}

/** `run chat-app-12: delivery, 1a2b3c4 on main` */
export function opening({ id, pipeline, commit, branch }: RunSummary): string {
  const on = branch === null ? '' : ` on ${clean(branch)}`;
  return `run ${clean(id)}: ${clean(pipeline)}, ${short(commit)}${on}`;
}

/** How it ended, or what it waits for, and what to do next. Empty while the run goes on. */
export function verdict(story: Story, { command = 'slipway', stages = [] }: Words = {}): string[] {
  const { run, gates } = story;
  if (!run) return [];
  const addresses = stages.flatMap(({ name, url }) =>
    url === null ? [] : [`  ${clean(name)}: ${clean(url)}`],
  );
  const history = run.temporalUrl === null ? [] : [`  history: ${clean(run.temporalUrl)}`];
  if (isFinal(run.status)) {
    return [outcome(run), ...advice(story, command), ...addresses, ...history];
  }
  if (gates.length === 0) return [];
  const questions = gates.flatMap((gate) => question(run.id, gate, command));
  return [...questions, ...addresses, ...history];
}

function keyOf({ status, reason, attempts }: Step): string | undefined {
  if (status === 'pending') return undefined;
  if (status !== 'running') return JSON.stringify([status, reason]);
  return reason === null ? undefined : JSON.stringify([status, reason, attempts]);
}

function linesOf(step: Step, story: Story): string[] {
  const took = elapsed(step);
  const time = took === undefined ? '' : ` ${duration(took)}`;
  const tries = step.attempts > 1 ? ` (attempt ${step.attempts})` : '';
  const label = `▸ ${clean(step.name)} …`;
  switch (step.status) {
    case 'succeeded': {
      if (step.reason !== null) return withReason(`${label} stays`, step.reason);
      const summary = step.summary === null ? '' : `: ${clean(step.summary)}`;
      return [`${label} ok${time}${tries}${summary}`];
    }
    case 'failed':
    case 'errored': {
      const log = story.tail(step.name, MAX_LOG_LINES).map((line) => `    | ${line}`);
      return [...withReason(`${label} ${step.status}${time}${tries}`, step.reason), ...log];
    }
    case 'running':
      return withReason(`${label} again${tries}`, step.reason);
    case 'waiting':
      return standing(label, 'waits', step);
    case 'rolledBack':
      return standing(label, 'put back', step);
    case 'skipped':
    case 'cancelled':
    case 'superseded':
      return withReason(`${label} ${step.status}`, step.reason);
    case 'pending':
      return [];
  }
}

/** Reasons that begin with the same words say it themselves. */
function standing(label: string, said: string, { reason }: Step): string[] {
  if (!reason?.startsWith(`${said} `)) return withReason(`${label} ${said}`, reason);
  return withReason(`${label} ${said}`, reason.slice(said.length + 1), ' ');
}

function withReason(said: string, reason: string | null, between = ': '): string[] {
  const [first, ...more] = cleanLines(reason ?? '').slice(0, MAX_REASON_LINES);
  if (first === undefined) return [said];
  return [`${said}${between}${first}`, ...more.map((line) => `    ${line}`)];
}

function outcome(run: RunSummary): string {
  const took = elapsed(run);
  const after = took === undefined ? '' : ` after ${duration(took)}`;
  const word = run.status === 'rolledBack' ? 'was put back' : SAID[run.status];
  return withReason(`${clean(run.id)} ${word ?? run.status}${after}`, run.reason).join('\n');
}

const SAID: Partial<Record<RunSummary['status'], string>> = {
  cancelled: 'was cancelled',
  superseded: 'was superseded',
};

function advice({ run, refused }: Story, command: string): string[] {
  if (!run) return [];
  const id = clean(run.id);
  const look = refused.slice(0, 3).flatMap(({ name, kind }) => {
    if (kind === 'approve' || kind === 'lint') return [];
    return [`  log: ${command} logs ${id} ${clean(name)}`];
  });
  switch (run.status) {
    case 'failed':
      return look;
    case 'rolledBack':
      return ['  the previous release serves again', ...look];
    case 'errored':
      return ['  the system is to blame, not the commit', ...look, `  check: ${command} doctor`];
    case 'superseded':
      return ['  a newer commit is already there'];
    case 'pending':
    case 'running':
    case 'waiting':
    case 'succeeded':
    case 'cancelled':
    case 'skipped':
      return [];
  }
}

function question(runId: string, { name }: Step, command: string): string[] {
  const [id, step] = [clean(runId), clean(name)];
  return [
    `${id} waits for an approval at "${step}"`,
    `  look:    ${command} show ${id}`,
    `  approve: ${command} approve ${id} ${step}`,
    `  reject:  ${command} reject ${id} ${step} -m "why"`,
  ];
}
