/**
 * What steps to come need of steps that ended, by weight. It goes along into every new history, and
 * into the activities that name it, so it has a limit: the step that exceeds it fails with advice,
 * long before Temporal would refuse the run. Pure.
 *
 * Its cost is linear in steps and what they name, over a whole run.
 */
import type { StepResult } from '../domain/step.js';
import type { PlannedStep } from '../pipeline/plan.js';
import { artifactsNamedBy, hasEnded, outputsNamedBy } from './carry.js';
import type { StepState } from './run.messages.js';
import { bytesOf } from './weight.js';

/** What stands around a piece in the carried state. */
const FRAME_BYTES = 64;

interface Piece {
  bytes: number;
  /** Steps to come that name it. */
  users: number;
}

type Kind = 'outputs' | 'artifact';

export class Luggage {
  /** Of everything that is kept, as JSON. */
  bytes = 0;
  private readonly pieces = new Map<string, Piece>();

  constructor(
    steps: readonly PlannedStep[],
    stateOf: (name: string) => StepState,
    private readonly limitBytes: number,
  ) {
    for (const step of steps) {
      if (hasEnded(stateOf(step.name).status)) continue;
      for (const key of namedBy(step)) this.piece(key).users++;
    }
    for (const { name } of steps) this.keep(name, stateOf(name).result);
  }

  /**
   * Takes the result of a step that ended.
   *
   * @returns why it cannot be kept, for the author of the commit; undefined when it is.
   */
  take(name: string, result: StepResult): string | undefined {
    const bytes = this.weigh(name, result);
    if (this.bytes + bytes <= this.limitBytes) {
      this.keep(name, result);
      return undefined;
    }
    return (
      `what later steps need of this one weighs ${bytes} bytes, and ${this.limitBytes - this.bytes} ` +
      `of the run's ${this.limitBytes} are left for outputs and archives; ` +
      'write less to $SLIPWAY_OUTPUT and hand files on with "artifacts", or split the pipeline'
    );
  }

  /** The step needs nothing any more. */
  ended(step: PlannedStep): void {
    for (const key of namedBy(step)) {
      const piece = this.piece(key);
      piece.users--;
      if (piece.users > 0) continue;
      this.bytes -= piece.bytes;
      piece.bytes = 0;
    }
  }

  private keep(name: string, result: StepResult | undefined): void {
    for (const kind of ['outputs', 'artifact'] as const) {
      const bytes = this.weighPart(name, kind, result);
      if (bytes === 0) continue;
      this.piece(keyOf(name, kind)).bytes = bytes;
      this.bytes += bytes;
    }
  }

  private weigh(name: string, result: StepResult): number {
    return this.weighPart(name, 'outputs', result) + this.weighPart(name, 'artifact', result);
  }

  private weighPart(name: string, kind: Kind, result: StepResult | undefined): number {
    const part = result?.[kind];
    if (part === undefined || (this.pieces.get(keyOf(name, kind))?.users ?? 0) === 0) return 0;
    return bytesOf({ [name]: part }) + FRAME_BYTES;
  }

  private piece(key: string): Piece {
    const known = this.pieces.get(key);
    if (known !== undefined) return known;
    const piece: Piece = { bytes: 0, users: 0 };
    this.pieces.set(key, piece);
    return piece;
  }
}

function namedBy(step: PlannedStep): string[] {
  return [
    ...[...outputsNamedBy(step)].map((name) => keyOf(name, 'outputs')),
    ...artifactsNamedBy(step).map((name) => keyOf(name, 'artifact')),
  ];
}

/** No step's name holds a space. */
function keyOf(name: string, kind: Kind): string {
  return `${name} ${kind}`;
}
