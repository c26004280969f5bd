/** Steps in progress: what can end each of them, and why it was ended. */
import { CancellationScope } from '@temporalio/workflow';
import { toReason } from '../domain/limits.js';
import type { PlannedStep } from '../pipeline/plan.js';

export interface Flight {
  step: PlannedStep;
  scope: CancellationScope;
  /** Set when its stage was put back under it. */
  endedBecause?: string;
}

export class Flights {
  private readonly flights = new Map<string, Flight>();
  /** Of steps that only a cancel of the run can end. */
  private readonly ground = new CancellationScope();
  /** Of steps that nothing ends. */
  private readonly shielded = new CancellationScope({ cancellable: false });

  /** @param behindDeploys steps that end when a release is put back. */
  constructor(private readonly behindDeploys: ReadonlySet<string>) {}

  get size(): number {
    return this.flights.size;
  }

  begin(step: PlannedStep): Flight {
    const flight: Flight = { step, scope: this.scopeFor(step) };
    this.flights.set(step.name, flight);
    return flight;
  }

  landed(name: string): void {
    this.flights.delete(name);
  }

  /** Ends all but those that run in any case. */
  cancel(): void {
    for (const { step, scope } of this.flights.values()) {
      if (step.when !== 'always') scope.cancel();
    }
  }

  /** Ends steps that need a release which is put back. */
  endPointless(isBroken: (name: string) => boolean, because: string): void {
    for (const flight of this.flights.values()) {
      const { step, scope } = flight;
      const isPointless = (step.when ?? 'succeeded') === 'succeeded' && isBroken(step.name);
      if (!isPointless || flight.endedBecause !== undefined) continue;
      flight.endedBecause = toReason(`ended: the release that it needs is put back; ${because}`);
      scope.cancel();
    }
  }

  /** True while a gate was answered or cancelled and has not ended: a new history would not know. */
  isLanding(isAnswered: (name: string) => boolean): boolean {
    return [...this.flights.values()].some(
      ({ step, scope }) => scope.consideredCancelled || isAnswered(step.name),
    );
  }

  /** Steps that end together share a scope: each scope costs as much as a part of a step. */
  private scopeFor(step: PlannedStep): CancellationScope {
    if (step.when === 'always') return this.shielded;
    return this.behindDeploys.has(step.name) ? new CancellationScope() : this.ground;
  }
}
