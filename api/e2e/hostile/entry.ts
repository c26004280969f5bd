/**
 * An entry of the corpus: what a hostile repository tries, and what must be true afterwards.
 *
 * Entries are told like scenarios: `tries` is the sentence, `happens` does it and looks. What must be
 * true after every one of them (nobody harmed, nothing left behind) is checked by the world they share.
 */
import type { Clone } from '../harness/clone.js';
import type { World } from './world.js';

export interface Hostile {
  /** What is tried, and what comes of it: "a link to /etc/passwd as an artifact is refused". */
  tries: string;
  /**
   * Who holds it: `everywhere`, or only the executor `sandbox`. With `plain` those are not tried: they
   * would work, and harm this machine. `chat`: no step takes part, so one executor is enough.
   */
  heldBy: 'everywhere' | 'sandbox' | 'chat';
  /** Throws when something is not as it must be. */
  happens: (world: World) => Promise<void>;
}

/** Something is not as it must be. */
export class NotHeld extends Error {
  override readonly name = 'NotHeld';
}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new NotHeld(otherwise);
}

/** A pipeline's text; JSON is YAML, and needs no thought about what is in a string. */
export function pipeline(steps: Record<string, object>, more: object = {}): string {
  return JSON.stringify({ version: 1, name: 'hostile', ...more, steps });
}

/** A command that defines `reached`, which says that an attack worked. The log shows other words for it. */
export const REACHED = 'reached() { echo "REA""CHED $*"; }';

/** What a run of these steps must come to. Every step's log must be silent about `REACHED`. */
export interface Expectation {
  status: string;
  /** In the reason of the step, by name; or in its log. */
  reasons?: Record<string, RegExp>;
  logs?: Record<string, RegExp>;
}

/** An entry that is one push of one repository, and the end of its run. */
export function run(of: {
  tries: string;
  heldBy?: Hostile['heldBy'];
  steps: Record<string, object> | ((world: World) => Promise<Record<string, object>>);
  /** Beside the pipeline. */
  files?: Record<string, string>;
  /** Changes the clone before it is pushed: links, modes, objects. */
  prepare?: (clone: Clone, world: World) => Promise<void>;
  ends: Expectation;
}): Hostile {
  const { tries, heldBy = 'everywhere', files = {}, prepare, ends } = of;
  return {
    tries,
    heldBy,
    happens: async (world) => {
      const steps = typeof of.steps === 'function' ? await of.steps(world) : of.steps;
      const text = { '.slipway/pipeline.yaml': pipeline(steps) };
      const clone = await world.repository({ ...files, ...text });
      await prepare?.(clone, world);
      await clone.commit('hostile');
      await world.pushed(clone);
      await world.expectRun(clone, ends);
    },
  };
}
