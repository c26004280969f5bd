import { describe, expect, it } from '@jest/globals';
import type { ServedModel } from '../../workflows/domain/chat.js';
import type { EngineState, Served } from '../chat/model.ports.js';
import { modelVerdict } from './model.check.js';

const model = (fields: Partial<ServedModel> = {}): ServedModel => ({
  name: 'qwen',
  digest: `sha256:${'0'.repeat(64)}`,
  adapter: null,
  contextTokens: 4_096,
  isToy: false,
  provider: 'in-process',
  state: 'ready',
  ...fields,
});
const serves = (name: string, slot: Served['slot'] = 'champion'): Served => ({
  ...{ model: name, slot, digest: `sha256:${'0'.repeat(64)}`, adapter: null },
});
const engine = ({ model: name = 'qwen', ...fields }: Partial<EngineState> = {}): EngineState => ({
  model: name,
  serves: [serves(name)],
  state: 'ready',
  device: 'cuda',
  isFallback: false,
  restarts: 0,
  memoryBytes: 1,
  gpuMemoryBytes: 1,
  heartbeatMs: 12,
  ...fields,
});
const toy = model({ name: 'toy', isToy: true });

describe('a model', () => {
  it('that answers is healthy, and its engine says on what it computes', () => {
    expect(modelVerdict([model()], [engine()], 'cuda')).toEqual({
      status: 'healthy',
      message: 'answers',
      toy: false,
      device: 'cuda',
      test_generation: 'success',
      response_time_ms: 12,
      models: [{ name: 'qwen', slot: 'champion', state: 'ready', device: 'cuda' }],
    });
  });

  it('that cannot answer is unhealthy, and says why', () => {
    const failed = { state: 'failed', reason: 'no memory' } as const;
    for (const [served, engines, message] of [
      [[model({ state: 'loading' })], [], '"qwen" is loading'],
      [[model(failed)], [], '"qwen" is failed: no memory'],
      [[model()], [engine(failed)], '"qwen" is failed: no memory'],
      [[model()], [engine({ state: 'restarting' })], '"qwen" is restarting'],
    ] as [ServedModel[], EngineState[], string][]) {
      expect(modelVerdict(served, engines, 'cpu')).toMatchObject({ status: 'unhealthy', message });
    }
  });

  it('beside others that answer only degrades, so that a swap stops nobody', () => {
    const loading = model({ name: 'next', state: 'loading' });
    expect(modelVerdict([model(), loading], [engine()], 'cpu')).toMatchObject({
      status: 'degraded',
      message: '"next" is loading',
    });
  });

  it('whose challenger died only degrades, and is told by name: the champion answers for it', () => {
    const dead = engine({
      serves: [serves('qwen', 'challenger')],
      state: 'failed',
      reason: 'killed',
    });
    expect(modelVerdict([model()], [dead, engine()], 'cpu')).toMatchObject({
      status: 'degraded',
      message: 'the challenger of "qwen" is failed: killed',
      test_generation: 'success',
      models: [
        { name: 'qwen', slot: 'champion', state: 'ready' },
        { name: 'qwen', slot: 'challenger', state: 'failed' },
      ],
    });
    const away = { state: 'failed', reason: 'killed' } as const;
    const other = engine({ serves: [serves('qwen', 'challenger')] });
    expect(modelVerdict([model()], [engine(away), other], 'cpu')).toMatchObject({
      status: 'degraded',
      message: '"qwen" is failed: killed',
    });
    expect(modelVerdict([model(away)], [engine(away), dead], 'cpu').status).toBe('unhealthy');
  });

  it('that was to compute on a GPU and does not is unhealthy, though it answers', () => {
    const silent = engine({ device: 'cpu', isFallback: true });
    expect(modelVerdict([model()], [silent], 'cuda')).toMatchObject({
      status: 'unhealthy',
      device: 'cpu',
      message: expect.stringContaining('SLIPWAY_GPU is "cuda"'),
    });
  });

  it('of another server is as that server says', () => {
    const remote = model({ provider: 'http://127.0.0.1:11434/v1' });
    expect(modelVerdict([remote], [], 'cpu')).toMatchObject({
      status: 'healthy',
      device: 'remote',
      test_generation: 'not_run',
      response_time_ms: null,
    });
  });
});

describe('another server', () => {
  const server = 'http://127.0.0.1:7997/v1';
  const remote = (fields: Partial<EngineState>) =>
    modelVerdict([], [engine({ model: server, serves: [], device: 'remote', ...fields })], 'cpu');

  it('that was away from the start is unhealthy with its reason: no question can be answered', () => {
    expect(remote({ state: 'failed', reason: 'connect ECONNREFUSED' })).toMatchObject({
      status: 'unhealthy',
      device: 'remote',
      test_generation: 'failed',
      message: `the models of ${server} are not known: connect ECONNREFUSED; see SLIPWAY_CHAT_URL`,
    });
    expect(remote({ state: 'starting' }).status).toBe('unhealthy');
  });

  it('that offers nothing is unhealthy too, and says what to set', () => {
    expect(remote({ state: 'ready' })).toMatchObject({
      status: 'unhealthy',
      message: `${server} offers no model; see SLIPWAY_CHAT_MODELS`,
    });
  });
});

describe('a toy', () => {
  it('that nobody asked yet is healthy, and says that it is one', () => {
    for (const engines of [[], [engine({ model: 'toy', state: 'absent' })]]) {
      expect(modelVerdict([toy], engines, 'cpu')).toMatchObject({
        status: 'healthy',
        toy: true,
        message: expect.stringContaining('slipway models pull'),
      });
    }
  });

  it('that fails never makes the process unready', () => {
    const failed = engine({ model: 'toy', state: 'failed', reason: 'no disk' });
    expect(modelVerdict([toy], [failed], 'cpu')).toMatchObject({
      status: 'degraded',
      message: 'the toy is failed: no disk',
    });
    expect(modelVerdict([], [], 'cpu').status).toBe('off');
  });
});
