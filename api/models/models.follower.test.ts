import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Store } from '../../activities/store/store.ports.js';
import { FakeModels } from '../chat/models.fake.js';
import { Follow } from '../platform/follow.js';
import { FIRST_LOOK_MS, ModelsFollower } from './models.follower.js';

const store = {
  listen: async () => async () => {},
  chat: { models: { servings: async () => [] } },
} as unknown as Store;
const log = { info: () => {}, warn: () => {}, error: () => {} };

let models: FakeModels;
let follower: ModelsFollower;
let isOpen: boolean;
beforeEach(() => {
  jest.useFakeTimers();
  models = new FakeModels();
  follower = new ModelsFollower(store, models, log, new Follow(store));
  isOpen = false;
});
afterEach(async () => {
  await follower.onModuleDestroy();
  jest.useRealTimers();
});

const opening = () =>
  follower.onApplicationBootstrap().then(() => {
    isOpen = true;
  });

describe('the doors of a process that serves models', () => {
  it('open when it is known what is served', async () => {
    const look = Promise.withResolvers<void>();
    models.look = look.promise;
    const opened = opening();
    await jest.advanceTimersByTimeAsync(FIRST_LOOK_MS - 1);
    expect(isOpen).toBe(false);
    look.resolve();
    await opened;
  });

  it('open without, when nobody can say it for a while', async () => {
    models.look = new Promise(() => {});
    const opened = opening();
    await jest.advanceTimersByTimeAsync(FIRST_LOOK_MS);
    await opened;
    expect(isOpen).toBe(true);
  });
});
