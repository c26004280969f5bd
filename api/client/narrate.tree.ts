/** A run as one frame for a live terminal: its steps, how they stand, and what they say right now. */
import { short } from '../../workflows/domain/names.js';
import { isFinal, type Status } from '../../workflows/domain/run.js';
import type { Story } from './narrate.story.js';
import { clean, duration, elapsed, fit, widthOf } from './narrate.text.js';
import type { Step } from './wire.js';

export interface Frame {
  columns: number;
  /** Lines at most; a frame that is higher than the terminal cannot be redrawn. */
  rows: number;
  /** Milliseconds since 1970: durations of what still runs are measured against it. */
  nowMs: number;
  /** Default: false. */
  colour?: boolean;
}

type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';
type Piece = readonly [text: string, colour?: Colour | undefined];
interface Row {
  step?: Step;
  pieces: Piece[];
}

const CODES: Record<Colour, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPINNER_MS = 100;
const MAX_NAME_COLUMNS = 24;

const SIGNS: Record<Status, Piece> = {
  pending: ['·', 'dim'],
  running: ['⠿', 'cyan'],
  waiting: ['◷', 'yellow'],
  succeeded: ['✔', 'green'],
  failed: ['✘', 'red'],
  rolledBack: ['↩', 'red'],
  errored: ['!', 'red'],
  cancelled: ['■', 'yellow'],
  skipped: ['–', 'dim'],
  superseded: ['»', 'dim'],
};
/** Steps that nobody needs to look at: where there is no room, they are counted. */
const QUIET = new Set<Status>(['pending', 'succeeded', 'skipped', 'superseded', 'cancelled']);

/** Never wider than `columns` and never higher than `rows`. */
export function tree(story: Story, frame: Frame): string {
  const room = Math.max(1, frame.rows - 1);
  const rows = story.inOrder.map((step) => stepRow(step, story, frame));
  const drawn = drawBranches(choose(rows, story, room));
  const lines = [[...header(story, frame)], ...drawn].slice(0, Math.max(1, frame.rows));
  return lines.map((pieces) => paint(pieces, frame)).join('\n');
}

/** The fullest picture that has room: all with their lines, then the quiet ones counted, then cut. */
function choose(rows: Row[], story: Story, room: number): Row[] {
  const lively = rows.flatMap((row) => [row, ...spoken(row, story)]);
  if (lively.length <= room) return lively;
  const counted = countQuiet(rows);
  const told = counted.flatMap((row) => [row, ...spoken(row, story)]);
  if (told.length <= room) return told;
  if (counted.length <= room) return counted;
  const hidden = counted.length - room + 1;
  return [...counted.slice(0, room - 1), { pieces: [[`⋯ ${hidden} more lines`, 'dim']] }];
}

function header({ run, steps }: Story, { nowMs }: Frame): Piece[] {
  if (!run) return [['waiting for the run to begin', 'dim']];
  const took = elapsed(run, nowMs);
  const done = [...steps.values()].filter(({ status }) => isFinal(status)).length;
  const on = run.branch === null ? '' : ` on ${clean(run.branch)}`;
  const [, colour] = SIGNS[run.status];
  return [
    [clean(run.id), 'bold'],
    [` ${clean(run.pipeline)} ${short(run.commit)}${on} `, 'dim'],
    [run.status === 'rolledBack' ? 'put back' : run.status, colour],
    [took === undefined ? '' : ` ${duration(took)}`, 'dim'],
    [steps.size === 0 ? '' : `  ${done}/${steps.size}`, 'dim'],
  ];
}

function stepRow(step: Step, story: Story, { nowMs }: Frame): Row {
  const sign: Piece =
    step.status === 'running'
      ? [SPINNER[Math.floor(nowMs / SPINNER_MS) % SPINNER.length] ?? '⠿', 'cyan']
      : SIGNS[step.status];
  const name = fit(clean(step.name), MAX_NAME_COLUMNS);
  const took = elapsed(step, isFinal(step.status) ? undefined : nowMs);
  const time = took === undefined ? '' : duration(took);
  const padding = ' '.repeat(nameColumns(story) - widthOf(name));
  return {
    step,
    pieces: [
      sign,
      [` ${name}${padding}`, step.status === 'pending' ? 'dim' : undefined],
      [`  ${time.padStart(11)}`, 'dim'],
      note(step),
    ],
  };
}

function note({ status, reason, summary, needs, attempts }: Step): Piece {
  const tries = attempts > 1 ? `attempt ${attempts}  ` : '';
  if (status === 'succeeded') return [`  ${tries}${clean(reason ?? summary ?? '')}`, 'dim'];
  if (status === 'pending') {
    return [needs.length === 0 ? '' : `  after ${clean(needs.slice(0, 5).join(', '))}`, 'dim'];
  }
  const words = reason === null ? '' : clean(reason);
  return [`  ${tries}${words}`, status === 'running' ? 'dim' : SIGNS[status][1]];
}

/** Under what runs, its last line; under what went wrong, its last three. */
function spoken({ step }: Row, story: Story): Row[] {
  const lines = step?.status === 'running' ? 1 : step?.status === 'failed' ? 3 : 0;
  if (!step || lines === 0) return [];
  return story
    .tail(step.name, lines)
    .map((line) => ({ pieces: [[`    ${line}`, 'dim'] as const] }));
}

/** Neighbours that are quiet in the same way become one row that counts them. */
function countQuiet(rows: Row[]): Row[] {
  const counted: Row[] = [];
  let from = 0;
  while (from < rows.length) {
    const status = rows[from]?.step?.status;
    let to = from + 1;
    if (status !== undefined && QUIET.has(status)) {
      while (rows[to]?.step?.status === status) to++;
    }
    if (to - from > 1 && status !== undefined) {
      const [sign, colour] = SIGNS[status];
      counted.push({
        pieces: [
          [sign, colour],
          [` ${to - from} ${status}`, 'dim'],
        ],
      });
    } else counted.push(...rows.slice(from, to));
    from = to;
  }
  return counted;
}

/** Only rows that begin with a sign hang on the trunk; lines of a log hang on their step. */
function drawBranches(rows: Row[]): Piece[][] {
  const isBranch = ({ pieces }: Row) => !pieces[0]?.[0].startsWith('    ');
  const last = rows.findLastIndex(isBranch);
  return rows.map((row, index) => {
    const trunk = isBranch(row) ? (index === last ? '└─ ' : '├─ ') : index < last ? '│  ' : '   ';
    return [[trunk, 'dim'], ...row.pieces];
  });
}

const widest = new WeakMap<Story, { steps: number; columns: number }>();

/** Measured once per number of steps: ten thousand names are not measured for every row. */
function nameColumns(story: Story): number {
  const known = widest.get(story);
  if (known?.steps === story.steps.size) return known.columns;
  let columns = 0;
  for (const name of story.steps.keys()) {
    columns = Math.max(columns, Math.min(widthOf(clean(name)), MAX_NAME_COLUMNS));
  }
  widest.set(story, { steps: story.steps.size, columns });
  return columns;
}

function paint(pieces: readonly Piece[], { columns, colour = false }: Frame): string {
  let left = columns;
  let line = '';
  for (const [text, shade] of pieces) {
    const shown = fit(text, left);
    left -= widthOf(shown);
    line += colour && shade && shown ? `\u001b[${CODES[shade]}m${shown}\u001b[0m` : shown;
    if (left <= 0) break;
  }
  return line.trimEnd();
}
