/**
 * Calls to other people's services: limited in time and number, tried again where that may help, and
 * not made at all while the service is known to be away.
 */
import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  bulkhead as createBulkhead,
  retry as createRetry,
  DelegateBackoff,
  ExponentialBackoff,
  handleWhen,
  type IBackoff,
  type IRetryBackoffContext,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  isTaskCancelledError,
  TimeoutStrategy,
  timeout,
} from 'cockatiel';
import { SlipwayError } from './errors.js';

export interface ServiceLimits {
  /** One attempt, until its answer begins or ends, as the attempt says. Milliseconds. */
  attemptMs: number;
  /** The whole call: waiting for a place, attempts and pauses between them. Milliseconds. */
  callMs: number;
  /** Attempts at once. */
  atOnce: number;
  /** Calls that wait for one of those places; more are refused. */
  waiting: number;
  /** Attempts after the first one. */
  retries: number;
  /** Pauses grow from about the first to the longest, and vary: not all come back at once. Milliseconds. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** Failed attempts in a row after which the service counts as away. */
  failuresToOpen: number;
  /** How long it then is not asked; after that one attempt finds out. Milliseconds. */
  openMs: number;
}

export const SERVICE_LIMITS: ServiceLimits = {
  attemptMs: 5_000,
  callMs: 12_000,
  atOnce: 8,
  waiting: 32,
  retries: 2,
  firstPauseMs: 200,
  longestPauseMs: 2_000,
  failuresToOpen: 5,
  openMs: 60_000,
};

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Thrown by an attempt for what may pass by itself: it is tried again, and counts against the service. */
export class MayPass extends Error {
  override readonly name = 'MayPass';
  /** Asked for by the service, milliseconds; longer than the longest pause: not tried again. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number | undefined } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The service was not asked, or did not answer in time. */
export class ServiceUnavailable extends SlipwayError {
  override readonly code = 'service-unavailable';
  constructor(
    readonly why: 'away' | 'busy' | 'slow',
    message: string,
    help: string,
    options?: ErrorOptions,
  ) {
    super(message, help, options);
  }
}

export interface Resilience {
  /**
   * The answer of `attempt`, which is given a signal that ends with the caller's, or when time is up
   * before there is an answer. After it only the caller's counts: the answer may be a stream.
   *
   * Attempts may be made several times: they must be repeatable.
   *
   * @throws {ServiceUnavailable} it is away, we have too many calls, or there was no answer in time.
   * @throws the signal's reason, at once. Whatever else the last attempt threw.
   */
  call<T>(attempt: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  state(): BreakerState;
  /** Attempts that are being made. */
  busy(): number;
}

type Attempt<T> = (signal: AbortSignal) => Promise<T>;

/** Nobody waits for the attempt any more. */
class GivenUp extends Error {}

const STATES: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/** @param service its name in messages: "NewsAPI". */
export function resilient(service: string, given: Partial<ServiceLimits> = {}): Resilience {
  const limits = { ...SERVICE_LIMITS, ...given };
  const inTime = { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false };
  const whole = timeout(limits.callMs, inTime);
  const one = timeout(limits.attemptMs, inTime);
  const places = createBulkhead(limits.atOnce, limits.waiting);
  const again = createRetry(
    handleWhen((error) => passesSoon(error, limits.longestPauseMs)),
    { maxAttempts: limits.retries, backoff: pauses(limits) },
  );
  const breaker: CircuitBreakerPolicy = circuitBreaker(
    // A probe that was given up proves nothing: it must not close the breaker.
    handleWhen((error) => error instanceof MayPass || isProbeGivenUp(error)),
    { halfOpenAfter: limits.openMs, breaker: new ConsecutiveBreaker(limits.failuresToOpen) },
  );
  const isProbeGivenUp = (error: unknown) =>
    error instanceof GivenUp && breaker.state === CircuitState.HalfOpen;

  async function once<T>(attempt: Attempt<T>, signal: AbortSignal): Promise<T> {
    try {
      return await one.execute((context) => attempt(context.signal), signal);
    } catch (error) {
      if (signal.aborted) throw new GivenUp('given up', { cause: error });
      if (!isTaskCancelledError(error)) throw error;
      throw new MayPass(`no answer within ${limits.attemptMs} ms`, { cause: error });
    }
  }

  async function guarded<T>(attempt: Attempt<T>, signal: AbortSignal): Promise<T> {
    const isProbed = breaker.state === CircuitState.HalfOpen;
    if (isProbed) throw away(service);
    return breaker.execute(() => once(attempt, signal), signal);
  }

  return {
    async call(attempt, signal = new AbortController().signal) {
      signal.throwIfAborted();
      // A timeout lets go of its signal once there is an answer; the caller's goes on to count.
      const followed: typeof attempt = (ends) => attempt(AbortSignal.any([ends, signal]));
      try {
        return await whole.execute(
          ({ signal: ends }) =>
            again.execute(() => places.execute(() => guarded(followed, ends), ends), ends),
          signal,
        );
      } catch (error) {
        signal.throwIfAborted();
        throw said(error, service, limits);
      }
    },
    state: () => STATES[breaker.state],
    busy: () => limits.atOnce - places.executionSlots,
  };
}

function passesSoon(error: unknown, longestPauseMs: number): boolean {
  return error instanceof MayPass && (error.retryAfterMs ?? 0) <= longestPauseMs;
}

type Step = IBackoff<IRetryBackoffContext<unknown>>;

function pauses({ firstPauseMs, longestPauseMs }: ServiceLimits) {
  const first = new ExponentialBackoff({ initialDelay: firstPauseMs, maxDelay: longestPauseMs });
  return new DelegateBackoff<IRetryBackoffContext<unknown>, Step>((context, last) => {
    const state = last === undefined ? first.next() : last.next(context);
    const { result } = context;
    const asked = 'error' in result && result.error instanceof MayPass ? result.error : undefined;
    return { state, delay: Math.max(state.duration, asked?.retryAfterMs ?? 0) };
  });
}

function said(error: unknown, service: string, limits: ServiceLimits): unknown {
  if (isBrokenCircuitError(error)) return away(service, error);
  if (isBulkheadRejectedError(error)) {
    const message = `${limits.atOnce + limits.waiting} calls of ${service} are open already`;
    return new ServiceUnavailable('busy', message, 'Try again in a moment.', { cause: error });
  }
  if (isTaskCancelledError(error) || error instanceof GivenUp) {
    const message = `${service} did not answer within ${limits.callMs / 1_000} s`;
    return new ServiceUnavailable('slow', message, `Look whether ${service} is well.`, {
      cause: error,
    });
  }
  return error;
}

function away(service: string, cause?: unknown): ServiceUnavailable {
  return new ServiceUnavailable(
    'away',
    `${service} failed several times in a row, and is not asked for a while`,
    `Look whether ${service} is well; it is asked again by itself.`,
    { cause },
  );
}
