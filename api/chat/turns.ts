/** The turns of this process as one part of the application: who makes answers, and who reads them. */
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Replica, Store, TurnRow } from '../../activities/store/store.ports.js';
import { GENERATION, type Generation } from '../generation/generation.ports.js';
import { NotFound } from '../platform/errors.js';
import { Follow } from '../platform/follow.js';
import { LOG, type Log } from '../platform/log.js';
import { REPLICA, STORE } from '../platform/tokens.js';
import { answerTokens, promptOf } from './prompt.js';
import { ServedModels } from './served.js';
import { TURN_LIMITS_TOKEN, type TurnLimits } from './turns.limits.js';
import type { LiveTurn } from './turns.live.js';
import { TurnsReader } from './turns.reader.js';
import { TurnsRunner } from './turns.runner.js';

/** Taken for the context of a model that is not there any more, tokens. */
const SMALL_CONTEXT = 2_048;

@Injectable()
export class Turns implements OnApplicationBootstrap, OnModuleDestroy {
  readonly runner: TurnsRunner;
  readonly reader: TurnsReader;

  // Nest hands over what the parameters name, so there are as many as there are parts.
  // oxlint-disable-next-line max-params
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(GENERATION) generation: Generation,
    @Inject(REPLICA) replica: Replica,
    @Inject(LOG) log: Log,
    @Inject(TURN_LIMITS_TOKEN) limits: TurnLimits,
    follow: Follow,
    private readonly models: ServedModels,
  ) {
    const { turns } = store.chat;
    const prompt = (live: LiveTurn) => this.prompt(live);
    const tokensOf = ({ turn, text }: LiveTurn) => models.count(turn.wish.model, { text });
    const knowsModels = () => models.areKnown;
    const parts = {
      generation,
      turns,
      replica,
      follow,
      log,
      limits,
      prompt,
      tokensOf,
      knowsModels,
    };
    this.runner = new TurnsRunner(parts);
    this.reader = new TurnsReader(turns, (id) => this.runner.live(id), follow);
  }

  /** From the beginning of the conversation to a turn in it. @throws {NotFound} */
  async path(turnId: string, conversationId: string): Promise<TurnRow[]> {
    const path = await this.store.chat.turns.path(turnId);
    if (path.at(-1)?.conversationId === conversationId) {
      return path.map((turn) => this.reader.whole(turn));
    }
    throw new NotFound(`there is no turn "${turnId}" in conversation "${conversationId}"`);
  }

  onApplicationBootstrap(): void {
    this.runner.adopt();
  }

  /** Before anything that answers need is taken down. */
  onModuleDestroy(): Promise<void> {
    return this.runner.drain();
  }

  private async prompt({ turn }: LiveTurn) {
    const { wish, parentId } = turn;
    const path = turn.path ?? (parentId ? await this.store.chat.turns.path(parentId) : []);
    const contextTokens = this.models.find(wish.model)?.contextTokens ?? SMALL_CONTEXT;
    const count: Parameters<typeof promptOf>[0]['count'] = (prompt) =>
      this.models.count(wish.model, prompt);
    const messages = await promptOf({ path, isRoom: wish.isRoom, wish, contextTokens, count });
    return { messages, maxTokens: answerTokens(wish, contextTokens) };
  }
}
