/** The worker's own connection to Temporal. Once it stands it bridges every later outage by itself. */
import { NativeConnection } from '@temporalio/worker';
import type { Config } from '../platform/config.js';
import { keepTrying } from '../platform/keep-trying.js';
import type { Lifetime } from '../platform/lifetime.js';
import type { Log } from '../platform/logging.js';

/** A plan may weigh 1.5 MB, which is no reason to warn; Temporal refuses 2 MiB. */
const PAYLOAD_WARNING_BYTES = 1_835_008;

export function connectWorker(
  config: Config,
  { signal }: Lifetime,
  log: Log,
): Promise<NativeConnection> {
  const connect = () =>
    NativeConnection.connect({
      address: config.TEMPORAL_ADDRESS,
      payloadLimits: { payloadsWarnSize: PAYLOAD_WARNING_BYTES },
    });
  // Whatever Temporal answers at this moment, a later try may find it ready.
  return keepTrying(connect, { part: 'Temporal', log, signal, isAway: () => true });
}
