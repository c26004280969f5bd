/** Conversations for door tests: said over REST, answered by a model that obeys the test. */

import type { Scope } from '../../../activities/store/store.ports.js';
import type { MadeBy } from '../../../workflows/domain/chat.js';
import type { Conversation, Said, Turn } from '../../client/wire.chat.js';
import {
  type Answered,
  type Asked,
  type FakeChat,
  startTestApi,
  type TestApi,
} from '../../platform/testing/api.js';
import type { FakeModels } from '../models.fake.js';
import { Turns } from '../turns.js';
import { TURN_LIMITS_TOKEN, type TurnLimits } from '../turns.limits.js';

/** Of either replica. */
export interface Door {
  ask: (path: string, asked: Asked) => Promise<Answered>;
}

const AT = '/api/v1/chat';

/** An API that loses no time, and the tokens of two people who may chat. */
export async function startTalk(
  scopes: Scope[] = ['chat'],
): Promise<{ api: TestApi; ada: string; bob: string }> {
  const api = await startTestApi();
  hurry(api);
  return { api, ada: await api.tokenOf('ada', scopes), bob: await api.tokenOf('bob', scopes) };
}

export async function conversationOf(
  api: Door,
  token: string,
  kind: Conversation['kind'] = 'private',
): Promise<Conversation> {
  const asked = { method: 'POST', token, body: { kind } } as const;
  return (await api.ask(`${AT}/conversations`, asked)).json;
}

export async function say(
  api: Door,
  token: string,
  conversation: string,
  body: Record<string, unknown> = {},
): Promise<Said> {
  const asked = { method: 'POST', token, body: { text: 'why?', ...body } } as const;
  const { status, json } = await api.ask(`${AT}/conversations/${conversation}/turns`, asked);
  if (status !== 202) throw new Error(`saying something was answered ${status}: ${json.detail}`);
  return json;
}

export async function turnOf(api: Door, token: string, id: string): Promise<Turn> {
  return (await api.ask(`${AT}/turns/${id}`, { token })).json;
}

/** When the answer has ended, wherever it is made: its stream says so. */
export async function ended(api: Door, token: string, id: string): Promise<Turn> {
  await api.ask(`${AT}/turns/${id}/events`, { token });
  return turnOf(api, token, id);
}

/** Everything that is being made here is over and stored. */
export async function settled(api: Pick<TestApi, 'app'>): Promise<void> {
  const { runner } = api.app.get(Turns, { strict: false });
  while (runner.count > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** The replica that makes the answer has heard that it shall stop. */
export async function stopped(api: Pick<TestApi, 'app'>, id: string): Promise<void> {
  const { runner } = api.app.get(Turns, { strict: false });
  while (runner.live(id)?.stopReason === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Holds answers before a word until the test lets them go on. */
export class Gate {
  private open: (() => void)[] = [];
  private isOpen = false;
  private arrived: (() => void) | undefined;
  /** An answer waits. */
  readonly reached = new Promise<void>((resolve) => {
    this.arrived = resolve;
  });

  constructor(models: FakeModels, at: number) {
    models.beforeWord = async (_wish, index) => {
      if (index !== at || this.isOpen) return;
      this.arrived?.();
      await new Promise<void>((resolve) => this.open.push(resolve));
    };
  }

  release(): void {
    this.isOpen = true;
    for (const one of this.open) one();
  }
}

/** As at the start of a test file. */
export function obey(chat: FakeChat): void {
  chat.models.beforeWord = async () => {};
  chat.models.trouble = undefined;
  chat.models.hasLooked = true;
  chat.models.madeBy = () => championOf(chat.models);
  chat.models.text = 'the answer is always the same';
  chat.models.wishes.length = 0;
  chat.news.trouble = undefined;
  chat.news.items = [];
  chat.news.asked.length = 0;
  chat.news.state = 'on';
}

function championOf({ model: { digest, adapter } }: FakeModels): MadeBy {
  return { slot: 'champion', digest, adapter };
}

/** Tries again at once: a test waits for nothing. */
export function hurry(api: Pick<TestApi, 'app'>): void {
  const limits: TurnLimits = api.app.get(TURN_LIMITS_TOKEN, { strict: false });
  Object.assign(limits, { engineFirstMs: 1, retryFirstMs: 5, adoptEveryMs: 50 });
}
