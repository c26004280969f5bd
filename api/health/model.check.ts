/** How the models are. `unhealthy` only where that means that no question can be answered as it was asked for. */
import type { ServedModel } from '../../workflows/domain/chat.js';
import type { EngineState, Served } from '../chat/model.ports.js';
import type { Verdict } from './checks.js';

export function modelVerdict(
  served: readonly ServedModel[],
  engines: readonly EngineState[],
  gpu: string,
): Verdict {
  const all = served.flatMap((model) => slotsOf(model, engines));
  const real = all.filter(({ model }) => !model.isToy);
  const shown = real[0] ?? all[0];
  if (shown === undefined) return ofNone(engines);
  const about = {
    toy: shown.model.isToy,
    device: deviceOf(shown),
    test_generation: testOf(shown.engine),
    response_time_ms: shown.engine?.heartbeatMs ?? null,
    models: all.map((one) => ({
      name: one.model.name,
      slot: one.slot,
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

/** One slot of one name. */
interface One {
  model: ServedModel;
  slot: Served['slot'];
  engine: EngineState | undefined;
}

function slotsOf(model: ServedModel, engines: readonly EngineState[]): One[] {
  const of = (slot: Served['slot']): One => ({
    model,
    slot,
    engine: engines.find(({ serves }) =>
      serves.some((one) => one.model === model.name && one.slot === slot),
    ),
  });
  const [champion, challenger] = [of('champion'), of('challenger')];
  return challenger.engine ? [champion, challenger] : [champion];
}

/** Our engines always serve at least a toy: with another server, that server is the trouble. */
function ofNone(engines: readonly EngineState[]): Verdict {
  const remote = engines.find(({ device }) => device === 'remote');
  if (!remote) return { status: 'off', message: 'no model is served; see "slipway models pull"' };
  const { model: server, state, reason = state } = remote;
  const message =
    state === 'ready'
      ? `${server} offers no model; see SLIPWAY_CHAT_MODELS`
      : `the models of ${server} are not known: ${reason}; see SLIPWAY_CHAT_URL`;
  return { status: 'unhealthy', message, device: 'remote', test_generation: testOf(remote) };
}

/** The other slot of a name answers for one that cannot: only a name without any is lost. */
function ofReal(real: readonly One[]): Verdict {
  const away = real.filter((one) => stateOf(one) !== 'ready');
  if (away.length === 0) return { status: 'healthy', message: 'answers' };
  const message = away.map((one) => `${wordsFor(one)} is ${stateOf(one)}${why(one)}`).join('; ');
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

function wordsFor({ model, slot }: One): string {
  return slot === 'challenger' ? `the challenger of "${model.name}"` : `"${model.name}"`;
}

/** What is served says how a name is, and the engine how its slot is. */
function stateOf({ model, slot, engine }: One): string {
  if (slot === 'champion' && model.state !== 'ready') return model.state;
  return engine?.state ?? 'ready';
}

function deviceOf({ model, engine }: One): string {
  return engine?.device ?? (model.provider === 'in-process' ? 'none' : 'remote');
}

function why({ model, slot, engine }: One): string {
  const reason = engine?.reason ?? (slot === 'champion' ? model.reason : undefined);
  return reason === undefined ? '' : `: ${reason}`;
}

function testOf(engine: EngineState | undefined): 'success' | 'failed' | 'not_run' {
  if (engine?.state === 'failed' || engine?.state === 'restarting') return 'failed';
  return engine?.heartbeatMs === undefined ? 'not_run' : 'success';
}
