/** How the models are. `unhealthy` only where that means that no question can be answered as it was asked for. */
import type { ServedModel } from '../../workflows/domain/chat.js';
import type { EngineState } from '../chat/model.ports.js';
import type { Verdict } from './checks.js';

export function modelVerdict(
  served: readonly ServedModel[],
  engines: readonly EngineState[],
  gpu: string,
): Verdict {
  const [first] = served;
  if (first === undefined) {
    return { status: 'off', message: 'no model is served; see "slipway models pull"' };
  }
  const all = served.map((model) => ({ model, engine: engineOf(model, engines) }));
  const real = all.filter(({ model }) => !model.isToy);
  const shown = real[0] ?? { model: first, engine: engineOf(first, engines) };
  const about = {
    toy: shown.model.isToy,
    device: deviceOf(shown),
    test_generation: testOf(shown.engine),
    response_time_ms: shown.engine?.heartbeatMs ?? null,
    models: all.map((one) => ({
      name: one.model.name,
      state: stateOf(one),
      device: deviceOf(one),
    })),
  };
  const fallback = engines.find(({ isFallback }) => isFallback);
  if (fallback) {
    const message = `"${fallback.model}" computes on the CPU, and SLIPWAY_GPU is "${gpu}"`;
    return { status: 'unhealthy', message, ...about };
  }
  return { ...(real.length > 0 ? ofReal(real) : ofToy(shown)), ...about };
}

interface One {
  model: ServedModel;
  engine: EngineState | undefined;
}

function ofReal(real: readonly One[]): Verdict {
  const away = real.filter((one) => stateOf(one) !== 'ready');
  if (away.length === 0) return { status: 'healthy', message: 'answers' };
  const message = away.map((one) => `"${one.model.name}" is ${stateOf(one)}${why(one)}`).join('; ');
  return { status: away.length === real.length ? 'unhealthy' : 'degraded', message };
}

/** A toy is started when somebody asks it, and nobody depends on it. */
function ofToy(toy: One): Verdict {
  const pull = 'a toy answers; get a model with "slipway models pull"';
  const isFailed = toy.model.state === 'failed' || toy.engine?.state === 'failed';
  return isFailed
    ? { status: 'degraded', message: `the toy is failed${why(toy)}` }
    : { status: 'healthy', message: pull };
}

function engineOf({ name }: ServedModel, engines: readonly EngineState[]): EngineState | undefined {
  return engines.find(({ model }) => model === name);
}

function stateOf({ model, engine }: One): string {
  if (model.state !== 'ready') return model.state;
  return engine?.state ?? 'ready';
}

function deviceOf({ model, engine }: One): string {
  return engine?.device ?? (model.provider === 'in-process' ? 'none' : 'remote');
}

function why({ model, engine }: One): string {
  const reason = engine?.reason ?? model.reason;
  return reason === undefined ? '' : `: ${reason}`;
}

function testOf(engine: EngineState | undefined): 'success' | 'failed' | 'not_run' {
  if (engine?.state === 'failed' || engine?.state === 'restarting') return 'failed';
  return engine?.heartbeatMs === undefined ? 'not_run' : 'success';
}
