/** A target that says what the test wrote down for it: one line an observation, the last one for ever. */
import type { Observation, Target } from './deploy.ports.js';

const ABSENT: Observation = {
  revision: null,
  digest: null,
  health: 'absent',
  message: 'nothing is deployed',
  url: null,
};

export class FakeTarget implements Target {
  /** How often it was looked at. */
  looks = 0;
  private readonly script: (Partial<Observation> | Error)[];

  /** @param script what it answers, in order; an Error is thrown. */
  constructor(...script: (Partial<Observation> | Error)[]) {
    this.script = script;
  }

  async observe(_repository: string, _stage: string): Promise<Observation> {
    this.looks++;
    const next = this.script.length > 1 ? this.script.shift() : this.script[0];
    if (next instanceof Error) throw next;
    return { ...ABSENT, ...next };
  }
}
