/** DynamoDB as it is reached: loaded when it is first used, limited in time, and honest when it is away. */
import { isNativeError } from 'node:util/types';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BadCursor } from '../store/errors.js';
import { TicketsUnavailable } from './tickets.errors.js';

/** Tries of one request: pauses grow from 0.1 s on (0.5 s when it is throttled), and vary. */
const ATTEMPTS = 5;
/** One try. Milliseconds. */
const CONNECT_LIMIT_MS = 2_000;
const ANSWER_LIMIT_MS = 3_000;
/** One call, all of its tries and pauses together. Milliseconds. */
const CALL_LIMIT_MS = 10_000;

export interface DynamoSettings {
  table: string;
  /** Empty: AWS's own. */
  url: string;
  /** Default: as AWS's tools take them from the environment. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  region?: string;
  callLimitMs?: number;
}

/** The SDK is large: it is loaded with the first request, not with the process. */
export type Sdk = typeof import('@aws-sdk/client-dynamodb');
type Send = DynamoDBClient['send'];

export class DynamoConnection {
  readonly table: string;
  private opened: Promise<{ sdk: Sdk; client: DynamoDBClient }> | undefined;

  constructor(private readonly settings: DynamoSettings) {
    this.table = settings.table;
  }

  /**
   * Asks once, with retries of its own. `ask` may be called with a signal that ends all of them.
   *
   * @throws {TicketsUnavailable} {BadCursor} or what `ask` threw, when that is nobody's absence.
   */
  async call<T>(ask: (sdk: Sdk, send: Send) => Promise<T>): Promise<T> {
    const abortSignal = AbortSignal.timeout(this.settings.callLimitMs ?? CALL_LIMIT_MS);
    try {
      const { sdk, client } = await this.open();
      const send = ((command: never) => client.send(command, { abortSignal })) as Send;
      return await ask(sdk, send);
    } catch (error) {
      throw translated(error, this.table);
    }
  }

  async close(): Promise<void> {
    const { client } = (await this.opened?.catch(() => undefined)) ?? {};
    client?.destroy();
  }

  private open(): Promise<{ sdk: Sdk; client: DynamoDBClient }> {
    this.opened ??= this.load();
    return this.opened;
  }

  private async load(): Promise<{ sdk: Sdk; client: DynamoDBClient }> {
    const sdk = await import('@aws-sdk/client-dynamodb');
    const { url, credentials, region } = this.settings;
    const client = new sdk.DynamoDBClient({
      maxAttempts: ATTEMPTS,
      retryMode: 'standard',
      requestHandler: { connectionTimeout: CONNECT_LIMIT_MS, requestTimeout: ANSWER_LIMIT_MS },
      ...(url === '' ? {} : { endpoint: url }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(region === undefined ? {} : { region }),
    });
    return { sdk, client };
  }
}

/** True for the answer of a condition that did not hold. */
export function isConditionFailed(error: unknown): boolean {
  return nameOf(error) === 'ConditionalCheckFailedException';
}

/** By the names of errors: what to do about it. */
const HELP: [RegExp, string][] = [
  [
    /^ResourceNotFoundException$/,
    'Make the table with manifests/aws/dynamodb-table.yaml, or correct SLIPWAY_DYNAMODB_TABLE.',
  ],
  [
    /Credential|^(UnrecognizedClient|AccessDenied|ExpiredToken|InvalidSignature|MissingAuthenticationToken|SSOToken)/,
    'Give this process credentials for the table, as AWS documents them, or another role.',
  ],
  [
    /Throttl|^(ProvisionedThroughputExceeded|RequestLimitExceeded|LimitExceeded|TooManyRequests)/,
    'The table is asked more than it takes; look at its limits, and try again later.',
  ],
  [
    /^(InternalServerError|ServiceUnavailable|TimeoutError|AbortError|RequestTimeout|ResourceInUse)/,
    'Look at the state of DynamoDB in this region; try again later.',
  ],
];
const AWAY = 'Check that DynamoDB can be reached from here, and SLIPWAY_DYNAMODB_URL if it is set.';
const NETWORK =
  /^(ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|EMFILE|ENFILE|EADDRNOTAVAIL|CERT_|ERR_TLS)/;

function translated(error: unknown, table: string): unknown {
  const name = nameOf(error);
  if (name === 'ValidationException' && /start(ing)? ?key/i.test(wordsIn(error))) {
    return new BadCursor();
  }
  const help = HELP.find(([names]) => names.test(name))?.[1];
  if (help !== undefined) return new TicketsUnavailable(named(error, table), help);
  if (/region is missing/i.test(wordsIn(error))) {
    return new TicketsUnavailable(error, 'Set AWS_REGION to the region of the table.');
  }
  return isAway(error) ? new TicketsUnavailable(named(error, table), AWAY) : error;
}

/** A 4xx is a mistake in what we asked. Without a number there was no answer; without data, no request. */
function isAway(error: unknown): boolean {
  const { code, $metadata: request } = Object(error) as {
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (request === undefined) return NETWORK.test(code ?? '');
  const { httpStatusCode: status } = request;
  return status === undefined || status >= 500;
}

/** DynamoDB says neither which table nor, sometimes, anything but the error's name. */
function named(error: unknown, table: string): Error {
  const name = nameOf(error) === 'Error' ? '' : `${nameOf(error)}: `;
  return new Error(`table "${table}": ${name}${wordsIn(error)}`, { cause: error });
}

function nameOf(error: unknown): string {
  return isNativeError(error) ? error.name : '';
}

function wordsIn(error: unknown): string {
  const words = isNativeError(error) ? error.message : String(error);
  return words.replace('AWS SDK error wrapper for ', '');
}
