/** What a process looks at to know how it is. Which of it is critical depends on what the process is for. */

import type { ServiceHealth } from '../client/wire.js';
import type { Parts } from '../platform/parts.js';
import { modelVerdict } from './model.check.js';

/** How one part is. A part that cannot be asked throws. */
export type Verdict = Pick<ServiceHealth, 'status' | 'message'> &
  Partial<Omit<ServiceHealth, 'status' | 'message' | 'critical'>>;

export interface Check {
  name: string;
  /** `unhealthy` then means that the process is. */
  isCritical: boolean;
  look: () => Promise<Verdict>;
  /** Said when `look` throws or takes too long: what to do. */
  help: string;
}

/** What checks need of the parts of a process. */
export type Checked = Pick<Parts, 'config' | 'store' | 'workflows' | 'chat'>;

export function checksOf(parts: Checked): Check[] {
  const { config, chat } = parts;
  const delivers = config.SLIPWAY_ROLES.includes('delivery');
  return [
    database(parts),
    ...(delivers ? [temporal(parts)] : []),
    ...(chat === undefined ? [] : chatChecks(parts, chat)),
  ];
}

function database({ store }: Checked): Check {
  const help = 'PostgreSQL does not answer; see DATABASE_URL';
  return { name: 'database', isCritical: true, help, look: answering(() => store.ping(), help) };
}

function temporal({ workflows }: Checked): Check {
  const help = 'Temporal does not answer; see TEMPORAL_ADDRESS';
  return {
    name: 'temporal',
    isCritical: true,
    help,
    look: answering(() => workflows.ping(), help),
  };
}

function chatChecks({ config }: Checked, chat: NonNullable<Checked['chat']>): Check[] {
  const { models, tickets, news, answerCache } = chat;
  return [
    {
      name: 'model',
      isCritical: true,
      help: 'the models cannot be asked how they are; look at the log of the API',
      look: async () => modelVerdict(models.served(), models.engines(), config.SLIPWAY_GPU),
    },
    {
      name: 'tickets',
      isCritical: true,
      help: `tickets cannot be used; see SLIPWAY_TICKETS, which is "${tickets.kind}"`,
      look: async () => {
        await tickets.ping();
        return { status: 'healthy', message: `kept in ${tickets.kind}` };
      },
    },
    { name: 'newsapi', isCritical: false, help: '', look: async () => newsVerdict(news) },
    {
      name: 'redis',
      isCritical: false,
      help: '',
      look: async () => secondLevelVerdict(answerCache.stats().second),
    },
  ];
}

function answering(ping: () => Promise<boolean>, trouble: string): Check['look'] {
  return async () =>
    (await ping())
      ? { status: 'healthy', message: 'answers' }
      : { status: 'unhealthy', message: trouble };
}

type NewsPart = NonNullable<Checked['chat']>['news'];

/** From what happened when somebody asked: questions to NewsAPI are paid for, and none is only a check. */
function newsVerdict(news: NewsPart): Verdict {
  if (news.state === 'off') {
    const message = 'answers come without news; see SLIPWAY_NEWS_KEY_FILE';
    return { status: 'off', message, response_time_ms: null, last_check: null };
  }
  const breaker = news.breaker();
  const last = news.lastCall();
  const asked = {
    breaker,
    response_time_ms: last === undefined ? null : last.ms,
    last_check: last === undefined ? null : last.at.toISOString(),
  };
  if (breaker === 'open') {
    const message = 'failed several times in a row; answers come without news';
    return { status: 'unhealthy', message, ...asked };
  }
  if (breaker === 'half-open' || last?.ok === false) {
    return { status: 'degraded', message: 'the last question failed', ...asked };
  }
  return { status: 'healthy', message: last ? 'answers' : 'nobody asked yet', ...asked };
}

function secondLevelVerdict(second: 'off' | 'up' | 'down'): Verdict {
  if (second === 'off') return { status: 'off', message: 'caches are in memory only' };
  return second === 'up'
    ? { status: 'healthy', message: 'answers' }
    : {
        status: 'degraded',
        message: 'cannot be reached; caches are in memory only; see SLIPWAY_REDIS_URL',
      };
}
