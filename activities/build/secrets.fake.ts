/** Secrets for tests of steps: what is set is given, whoever asks. They misbehave on request. */
import type { StepSecrets } from './build.ports.js';

export class FakeStepSecrets implements StepSecrets {
  readonly values: Record<string, string> = {};
  /** Thrown by every question until it is taken back. */
  trouble: Error | undefined;
  readonly askers: Parameters<StepSecrets['give']>[1][] = [];

  async give(
    names: readonly string[],
    asker: Parameters<StepSecrets['give']>[1],
  ): ReturnType<StepSecrets['give']> {
    if (names.length === 0) return { ok: true, values: {} };
    this.askers.push(asker);
    if (this.trouble) throw this.trouble;
    const missing = names.find((name) => !(name in this.values));
    if (missing !== undefined) return { ok: false, reason: `the secret "${missing}" is not set` };
    const entries = names.map((name) => [name, this.values[name] ?? ''] as const);
    return { ok: true, values: Object.fromEntries(entries) };
  }
}
